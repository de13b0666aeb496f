"""Outgoing webhooks: signed, at least once, tried for days, given up with a word, and never into our own network."""

import socket
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries
from standardwebhooks import Webhook, WebhookVerificationError

from agentfactory_cs.customers.tests.factories import NOW, make_customer, make_member
from agentfactory_cs.events.models import Event, WebhookDelivery, WebhookEndpoint
from agentfactory_cs.events.services import record
from agentfactory_cs.events.webhooks import services
from agentfactory_cs.events.webhooks.delivery import deliver_due
from agentfactory_cs.events.webhooks.guard import Forbidden, check_shape, is_public, place_of
from agentfactory_cs.events.webhooks.queueing import on_events, queue
from agentfactory_cs.events.webhooks.rules import WAITS, next_attempt
from agentfactory_cs.messaging.models import Notice

from .receiver import Receiver, make_endpoint, receiving

pytestmark = pytest.mark.django_db
State = WebhookDelivery.State


@pytest.fixture(autouse=True)
def private_allowed() -> Iterator[None]:
    with override_settings(WEBHOOK_ALLOW_PRIVATE=True):
        yield


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


def happens(count: int = 1, trigger: str = "customers.contact_added") -> list[Event]:
    customer = make_customer(external_id="tenant-1", name="Kite & Co") if count else None
    events = [record(trigger, customer, {"name": f"P{n}"}, now=NOW) for n in range(count) if customer]
    return [event for event in events if event]


def deliver(now: datetime = NOW) -> int:
    return deliver_due(clock=lambda: now)


def test_an_event_arrives_signed_with_its_customer_and_its_data(receiver: Receiver) -> None:
    endpoint = make_endpoint(receiver.address)
    [event] = happens()

    on_events([event], NOW)
    made = deliver()

    assert made == 1
    [(headers, body)] = receiver.posts
    assert receiver.messages == [
        {
            "type": "customers.contact_added",
            "timestamp": "2026-07-01T12:00:00+00:00",
            "data": {
                "event": event.pk,
                "customer": {"id": event.customer_id, "external_id": "tenant-1", "name": "Kite & Co"},
                "by": "System",
                "details": {"name": "P0"},
            },
        }
    ]
    assert headers["webhook-id"] == f"evt_{event.pk}"
    signature = Webhook(endpoint.secret).sign(headers["webhook-id"], NOW, body)
    assert (headers["webhook-signature"], headers["webhook-timestamp"]) == (signature, str(int(NOW.timestamp())))
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.status, delivery.answer, delivery.attempts) == ("delivered", 200, "ok", 1)


def test_the_receiver_s_library_accepts_it_and_refuses_what_was_changed(receiver: Receiver) -> None:
    endpoint = make_endpoint(receiver.address)
    on_events(happens(), NOW)

    deliver_due()

    [(headers, body)] = receiver.posts
    Webhook(endpoint.secret).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(endpoint.secret).verify(body.replace("Kite", "Other"), headers)


def test_an_endpoint_gets_the_events_it_chose_once_each(receiver: Receiver) -> None:
    make_endpoint(receiver.address, triggers=["customers.churned"])
    everything = make_endpoint(receiver.address)
    events = happens(3)

    on_events(events, NOW)
    on_events(events, NOW)

    assert list(WebhookDelivery.objects.values_list("endpoint", flat=True)) == [everything.pk] * 3


def test_many_events_take_as_many_queries_as_one(
    receiver: Receiver, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(3):
        make_endpoint(receiver.address, description=f"E{number}")
    customer_events = Event.objects.filter(pk__in=[event.pk for event in happens(40)]).select_related("customer")
    events = list(customer_events)

    with django_assert_num_queries(2):
        on_events(events, NOW)

    assert WebhookDelivery.objects.count() == 120


@pytest.mark.parametrize(
    ("answer", "status", "error"),
    [
        ((500, {}, "Oops" * 1_000), 500, "It answered 500."),
        ((404, {}, ""), 404, "It answered 404."),
        ((302, {"Location": "http://169.254.169.254/"}, ""), 302, "It answered 302: redirects are not followed."),
        ((0, {}, ""), None, "The connection broke: RemoteProtocolError"),
    ],
    ids=["error", "not found", "redirect", "cut"],
)
def test_what_is_no_2xx_is_tried_again_under_the_same_id(
    receiver: Receiver, answer: tuple[int, dict[str, str], str], status: int | None, error: str
) -> None:
    make_endpoint(receiver.address)
    on_events(happens(), NOW)
    receiver.answers.append(answer)

    deliver()
    failed = WebhookDelivery.objects.get()
    deliver(NOW + timedelta(seconds=10))

    assert (failed.state, failed.status) == ("waiting", status)
    assert failed.error.startswith(error)
    assert len(failed.answer) <= 1_024
    assert len(receiver.ids) == 2
    assert len(set(receiver.ids)) == 1
    assert WebhookDelivery.objects.get().state == "delivered"
    assert WebhookEndpoint.objects.get().failures == 0


def test_nobody_there_is_tried_for_three_days_and_then_has_failed() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        make_endpoint(f"http://localhost:{free.getsockname()[1]}/")
    WebhookEndpoint.objects.update(failing_since=NOW + timedelta(days=30))  # not given up meanwhile
    on_events(happens(), NOW)

    moment, moments = NOW, list[datetime]()
    while WebhookDelivery.objects.get().state == State.WAITING:
        moment = WebhookDelivery.objects.get().not_before
        moments.append(moment)
        deliver(moment)

    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, len(moments)) == ("failed", len(WAITS) + 1)
    assert timedelta(days=3) < moments[-1] - NOW < timedelta(days=4)
    assert delivery.error.startswith("It could not be reached")


def test_410_switches_it_off_at_once_and_what_waited_says_so(receiver: Receiver) -> None:
    endpoint = make_endpoint(receiver.address)
    make_member("CS manager", email="mia@example.com")
    on_events(happens(5), NOW)
    receiver.answers += [(410, {}, "")] * 2  # two are under way at a time

    deliver()

    endpoint.refresh_from_db()
    assert (endpoint.is_active, endpoint.disabled_because) == (False, "It answered 410: it wants no more.")
    failed = WebhookDelivery.objects.filter(state="failed")
    assert failed.filter(error__contains="The webhook was switched off: It answered 410").count() == 5
    assert Notice.objects.get().subject == "The webhook “Data warehouse” was switched off"


def test_a_day_of_failures_switches_it_off_with_a_notice(receiver: Receiver) -> None:
    endpoint = make_endpoint(receiver.address)
    make_member("CS manager", email="mia@example.com")
    on_events(happens(8), NOW)

    receiver.answers += [(503, {}, "")] * 100
    deliver(NOW)
    endpoint.refresh_from_db()
    still_on = endpoint.is_active
    deliver(NOW + timedelta(days=1, minutes=1))

    endpoint.refresh_from_db()
    assert still_on
    assert not endpoint.is_active
    assert endpoint.disabled_because.startswith("Nothing arrived for a day")
    assert "/admin/events/webhookendpoint/" in Notice.objects.get().text


def test_a_slow_endpoint_keeps_no_other_waiting(receiver: Receiver) -> None:
    with receiving() as slow:
        slow.slow_seconds = 1.5
        make_endpoint(slow.address, description="A slow one")
        make_endpoint(receiver.address, description="A quick one")
        on_events(happens(4), NOW)
        order: list[str] = []

        def clock() -> datetime:
            order.append(f"{len(receiver.posts)} quick, {len(slow.posts)} slow")
            return NOW

        deliver_due(clock=clock)

        assert WebhookDelivery.objects.filter(state="delivered").count() == 8
        # All four had arrived at the quick one while the slow one was still at its first two.
        assert "4 quick, 2 slow" in order


def test_what_a_killed_worker_held_arrives_again_under_its_id(receiver: Receiver) -> None:
    make_endpoint(receiver.address)
    on_events(happens(), NOW)
    WebhookDelivery.objects.update(state="sending", claimed_at=NOW, attempts=1)

    within_lease = deliver(NOW + timedelta(minutes=4))
    after = deliver(NOW + timedelta(minutes=6))

    assert (within_lease, after) == (0, 1)
    assert WebhookDelivery.objects.get().attempts == 2
    assert deliver(NOW + timedelta(minutes=20)) == 0


def test_after_a_rotation_both_secrets_sign_for_a_day(receiver: Receiver) -> None:
    endpoint = make_endpoint(receiver.address)
    old = endpoint.secret
    new = services.rotate_secret(endpoint, now=NOW).secret

    for hours in (1, 25):
        services.send_test(endpoint, now=NOW + timedelta(hours=hours))
        deliver(NOW + timedelta(hours=hours))

    signatures = [
        [
            Webhook(secret).sign(headers["webhook-id"], NOW + timedelta(hours=hours), body)
            for secret in ((new, old) if hours == 1 else (new,))
        ]
        for (headers, body), hours in zip(receiver.posts, (1, 25), strict=True)
    ]
    assert new != old
    assert [headers["webhook-signature"].split() for headers, _body in receiver.posts] == signatures


def test_what_was_delivered_or_failed_is_sent_again_on_demand(receiver: Receiver) -> None:
    endpoint = make_endpoint(receiver.address)
    on_events(happens(3), NOW)
    deliver()
    one, two, three = WebhookDelivery.objects.order_by("pk")
    WebhookDelivery.objects.exclude(pk=one.pk).update(state="failed", error="It answered 500.", delivered_at=None)
    WebhookDelivery.objects.filter(pk=three.pk).update(created_at=NOW - timedelta(days=2))

    services.send_again(one, now=NOW)
    again = services.send_failed_again(endpoint, since=NOW - timedelta(days=1), now=NOW)
    deliver()

    assert again == 1
    assert receiver.ids.count(one.message_id) == receiver.ids.count(two.message_id) == 2
    assert receiver.ids.count(three.message_id) == 1


def test_an_endpoint_that_is_off_gets_nothing_and_cannot_be_asked_to(receiver: Receiver) -> None:
    endpoint = services.switch_off(make_endpoint(receiver.address), reason="Moving house.")

    on_events(happens(), NOW)

    assert not WebhookDelivery.objects.exists()
    with pytest.raises(ValidationError, match="switched off"):
        services.send_test(endpoint, now=NOW)
    with pytest.raises(ValidationError, match="switched off already"):
        services.switch_off(endpoint, reason="")
    assert services.switch_on(endpoint).is_active


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("https://127.0.0.1/hook", "not on the public Internet"),
        ("https://localhost/hook", "not on the public Internet"),
        ("https://10.1.2.3/hook", "leads to 10.1.2.3"),
        ("https://169.254.169.254/latest/meta-data", "leads to 169.254.169.254"),
        ("https://[::1]/hook", "leads to ::1"),
        ("https://[::ffff:10.0.0.1]/hook", "not on the public Internet"),
        ("https://[64:ff9b::10.0.0.1]/hook", "not on the public Internet"),
        ("https://[64:ff9b:1::808:808]/hook", "not on the public Internet"),
        ("https://[::808:808]/hook", "not on the public Internet"),
        ("https://93.184.216.34:0/hook", "port 0"),
        ("http://localhost/hook", "not on the public Internet"),
        ("http://example.com/hook", "Use https"),
        ("https://user:secret@example.com/hook", "user name or password"),
        ("https://nowhere.invalid/hook", "leads nowhere"),
    ],
)
@override_settings(WEBHOOK_ALLOW_PRIVATE=False)
def test_an_address_in_our_own_network_is_refused_when_saving(address: str, reason: str) -> None:
    with pytest.raises(ValidationError) as refused:
        make_endpoint(address)

    assert reason in str(refused.value.message_dict["address"])


def test_an_address_that_leads_inside_later_is_refused_when_connecting(receiver: Receiver) -> None:
    make_endpoint(receiver.address)
    on_events(happens(), NOW)

    with override_settings(WEBHOOK_ALLOW_PRIVATE=False):
        deliver()

    assert receiver.posts == []
    assert "which is not on the public Internet" in WebhookDelivery.objects.get().error


def test_it_connects_to_the_place_it_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that answers otherwise the second time: there is no second time."""
    answers = ["93.184.216.34", "10.0.0.1"]
    asked: list[str] = []

    def resolve(name: str, port: int, **options: Any) -> list[Any]:
        asked.append(name)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers.pop(0), port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with override_settings(WEBHOOK_ALLOW_PRIVATE=False):
        place = place_of("https://hooks.example.com/a?b=c")

        assert place.address == "https://93.184.216.34:443/a?b=c"
        assert (place.host, place.name, asked) == ("hooks.example.com", "hooks.example.com", ["hooks.example.com"])
        with pytest.raises(Forbidden, match=r"leads to 10\.0\.0\.1"):
            place_of("https://hooks.example.com/a?b=c")


@given(st.ip_addresses())
def test_an_address_is_public_only_where_the_registry_of_addresses_says_so(ip: Any) -> None:
    if is_public(str(ip)):
        assert ip.is_global
        assert not any((ip.is_private, ip.is_loopback, ip.is_link_local, ip.is_multicast))


@given(st.ip_addresses(v=4))
def test_a_translated_address_is_as_public_as_the_one_it_leads_to(ip: Any) -> None:
    public = is_public(str(ip))

    assert is_public(f"64:ff9b::{ip}") == public
    # Later Pythons hold no 6to4 address for public.
    assert public or not is_public(f"2002:{int(ip) >> 16:x}:{int(ip) & 0xFFFF:x}::1")
    assert not is_public(f"64:ff9b:1::{ip}")
    assert not is_public(f"::{ip}")


@given(st.integers(1, 30), st.floats(0, 1))
def test_each_attempt_comes_later_than_the_one_before_and_there_is_a_last(attempts: int, chance: float) -> None:
    moment = next_attempt(attempts, NOW, chance)

    assert (moment is None) == (attempts > len(WAITS))
    if moment:
        assert WAITS[attempts - 1] <= moment - NOW <= WAITS[attempts - 1] * 1.1


@pytest.mark.parametrize("address", ["ftp://example.com/", "https://", "https://example.com:port/", "hello"])
def test_what_is_no_web_address_is_refused(address: str) -> None:
    with pytest.raises(Forbidden):
        check_shape(address)


def test_an_event_there_is_not_cannot_be_chosen(receiver: Receiver) -> None:
    with pytest.raises(ValidationError, match=r"There is no event “customers\.vanished”"):
        make_endpoint(receiver.address, triggers=["customers.vanished"])


def test_old_deliveries_are_forgotten_and_waiting_ones_kept(receiver: Receiver) -> None:
    endpoint = make_endpoint(receiver.address)
    for number, state in enumerate(("delivered", "failed", "waiting", "delivered")):
        age = timedelta(days=91 if number < 3 else 89)
        row = queue(endpoint, message_id=f"m{number}", kind="x", data={}, now=NOW - age)
        assert row
        row.state, row.delivered_at, row.error = state, NOW if state == "delivered" else None, "It answered 500."
        row.save()

    forgotten = services.forget_old(now=NOW)

    assert forgotten == 2
    assert set(WebhookDelivery.objects.values_list("message_id", flat=True)) == {"m2", "m3"}


@pytest.mark.parametrize(
    "values",
    [
        {"state": "delivered"},
        {"state": "failed"},
        {"state": "sending"},
        {"state": "lost"},
    ],
)
def test_a_delivery_that_contradicts_itself_is_refused_by_the_database(
    receiver: Receiver, values: dict[str, str]
) -> None:
    endpoint = make_endpoint(receiver.address)
    moments = {"not_before": NOW, "created_at": NOW}

    with pytest.raises(IntegrityError), transaction.atomic():
        WebhookDelivery.objects.create(endpoint=endpoint, message_id="m", type="x", body="{}", **moments, **values)
