"""What the platform sends to /hooks/agentfactory/: signed, taken in once, answered at once."""

import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from agentfactory_cs.customers.tests.factories import NOW
from onboarding import deliveries
from onboarding.deliveries.reading import BadDelivery, read
from onboarding.models import PlatformDelivery

SECRET = "what-only-we-and-the-platform-know"
ADDRESS = "/hooks/agentfactory/"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now", "_secret")]


@pytest.fixture
def _secret(settings: Any) -> None:
    settings.AGENTFACTORY_WEBHOOK_SECRET = SECRET


def body(event: str = "agent.created", timestamp: str = "2026-07-01T11:00:00Z", **data: Any) -> bytes:
    return json.dumps({"event": event, "timestamp": timestamp, "data": {"tenant_id": "t-1", **data}}).encode()


def signature(raw: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


def send(raw: bytes, header: str | None = None) -> Any:
    headers = {"X-AgentFactory-Signature": signature(raw) if header is None else header}
    client = Client(enforce_csrf_checks=True)
    return client.post(ADDRESS, raw, content_type="application/json", headers=headers)


def test_what_is_signed_is_taken_in(django_assert_num_queries: Any) -> None:
    raw = body(agent_id="a-1", user_id=17)

    with django_assert_num_queries(1):
        answer = send(raw)

    kept = PlatformDelivery.objects.get()
    assert (answer.status_code, answer.json()) == (200, {"status": "taken"})
    assert (kept.event, kept.tenant_id, kept.user_id, kept.state) == ("agent.created", "t-1", "17", "waiting")
    assert (kept.happened_at, kept.received_at) == (NOW - timedelta(hours=1), NOW)
    assert kept.data["agent_id"] == "a-1"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "sha256=",
        "sha256",
        "sha1=abc",
        signature(body(), "another secret"),
        signature(body("agent.deleted")),
        "sha256=ü",
    ],
)
def test_what_is_not_signed_by_the_secret_is_refused_and_not_kept(header: str) -> None:
    answer = send(body(), header)

    assert answer.status_code == 401
    assert not PlatformDelivery.objects.exists()


def test_the_signature_is_of_the_raw_body() -> None:
    spaced = body().replace(b": ", b":   ")

    assert send(spaced).status_code == 200
    assert send(spaced, signature(body())).status_code == 401


def test_capitals_in_the_signature_do_not_matter() -> None:
    kind, _, digest = signature(body()).partition("=")

    assert send(body(), f"{kind}={digest.upper()}").status_code == 200


def test_without_a_secret_everything_is_refused(settings: Any) -> None:
    settings.AGENTFACTORY_WEBHOOK_SECRET = ""

    assert send(body(), signature(body(), "")).status_code == 401


def test_the_same_again_is_counted_and_kept_once() -> None:
    answers = [send(body()).json()["status"] for _ in range(3)]

    assert answers == ["taken", "known", "known"]
    assert PlatformDelivery.objects.get().repeats == 2


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        (b"", "JSON"),
        (b"{", "JSON"),
        (b"[]", "object"),
        (b"\xff", "JSON"),
        (b'{"timestamp": "2026-07-01T11:00:00Z"}', "event"),
        (b'{"event": "", "timestamp": "2026-07-01T11:00:00Z"}', "event"),
        (b'{"event": 7, "timestamp": "2026-07-01T11:00:00Z"}', "event"),
        (b'{"event": "x", "data": {}}', "timestamp"),
        (b'{"event": "x", "timestamp": 1751367600}', "timestamp"),
        (b'{"event": "x", "timestamp": "yesterday"}', "timestamp"),
        (b'{"event": "x", "timestamp": "0001-01-01T00:00:00+14:00"}', "timestamp"),
        (b'{"event": "x", "timestamp": "2026-07-01T11:00:00Z", "data": []}', "data"),
        (b'{"event": "x", "timestamp": "2026-07-01T11:00:00Z", "data": {"n": NaN}}', "JSON"),
        (b'{"event": "x", "timestamp": "2026-07-01", "data": ' + b'{"a":' * 5_000 + b"1" + b"}" * 5_001, "data"),
        (b'{"event": "' + b"x" * 101 + b'", "timestamp": "2026-07-01T11:00:00Z"}', "event"),
    ],
)
def test_what_is_no_delivery_is_refused_naming_the_field(raw: bytes, named: str) -> None:
    answer = send(raw)

    assert answer.status_code == 400
    assert named in answer.json()["error"]["message"]
    assert not PlatformDelivery.objects.exists()


def test_what_is_too_large_is_refused_unread() -> None:
    answer = send(body(text="x" * 300_000))

    assert answer.status_code == 413
    assert not PlatformDelivery.objects.exists()


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_only_posts_are_taken(method: str) -> None:
    assert getattr(Client(), method)(ADDRESS).status_code == 405


def test_characters_the_database_cannot_store_are_left_out() -> None:
    data: dict[str, Any] = {"te\x00xt": "a\x00b", "list": ["\x00"]}

    assert send(body("odd\x00name", **data)).status_code == 200

    kept = PlatformDelivery.objects.get()
    assert (kept.event, kept.data["text"], kept.data["list"]) == ("oddname", "ab", [""])


@pytest.mark.parametrize("number", ["1e400", "9" * 5_000, "1e308", "12345678901234567890123"])
def test_no_number_is_too_large_for_an_answer(number: str) -> None:
    raw = b'{"event": "x", "timestamp": "2026-07-01T11:00:00Z", "data": {"n": ' + number.encode() + b"}}"

    assert send(raw).status_code in (200, 400)


@pytest.mark.parametrize(
    ("told", "counts_as"),
    [
        ("2026-07-01T13:00:00+02:00", NOW - timedelta(hours=1)),
        ("2026-07-01T11:00:00", NOW - timedelta(hours=1)),
        ("2026-07-02T12:00:00Z", NOW),
        ("2019-07-01T12:00:00Z", NOW.replace(year=2019)),
    ],
)
def test_moments_are_understood_and_none_lies_in_the_future(told: str, counts_as: Any) -> None:
    assert read(body(timestamp=told), now=NOW).happened_at == counts_as


@given(
    st.binary(max_size=200)
    | st.recursive(st.none() | st.text() | st.integers() | st.floats(), st.lists).map(json.dumps)
)
def test_whatever_comes_is_read_or_refused_in_words(anything: bytes | str) -> None:
    raw = anything if isinstance(anything, bytes) else anything.encode("utf-8", "surrogatepass")

    with pytest.raises(BadDelivery, match=r"\w+.*\."):
        read(raw, now=NOW)


def test_what_came_long_ago_is_dropped_and_conversations_soon(settings: Any) -> None:
    settings.PLATFORM_DELIVERY_DAYS = 30
    for name, days, event, state in (
        ("fresh", 29, "agent.created", "stranger"),
        ("old", 31, "agent.created", "stranger"),
        ("talk", 3, "conversation.message", "stranger"),
        ("fresh talk", 1, "conversation.message", "stranger"),
    ):
        moment = NOW - timedelta(days=days)
        PlatformDelivery.objects.create(
            body_hash=name, event=event, happened_at=moment, received_at=moment, state=state
        )

    dropped = deliveries.forget_old(now=NOW)

    assert dropped == 1
    assert set(PlatformDelivery.objects.values_list("body_hash", flat=True)) == {"fresh", "talk", "fresh talk"}
