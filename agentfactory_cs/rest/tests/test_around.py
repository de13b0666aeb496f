"""What stands around the API: limits, errors, health of the process."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection
from django.test import Client
from pytest_django import Settings
from rest_framework.exceptions import ValidationError

from agentfactory_cs.rest.errors import Conflict, Handler
from agentfactory_cs.rest.models import ApiKey
from agentfactory_cs.rest.services import create_key, revoke_key

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


def client_with(scope: str) -> Client:
    _, secret = create_key(name=uuid.uuid4().hex, scope=scope, now=NOW)
    return Client(headers={"Authorization": f"Api-Key {secret}"}, raise_request_exception=False)


def some_minute() -> datetime:
    """No other test, nor an earlier run, counts requests in it."""
    return NOW + timedelta(minutes=uuid.uuid4().int % 10**7)


@pytest.mark.django_db
class TestThrottle:
    def test_the_request_after_the_last_allowed_one_waits_for_the_next_minute(self, settings: Settings) -> None:
        settings.API_RATE = "2/min"
        with time_machine.travel(some_minute() + timedelta(seconds=20), tick=False) as clock:
            client, other = client_with("read"), client_with("read")

            statuses = [client.get("/api/v1/customers/").status_code for _ in range(2)]
            refused = client.get("/api/v1/customers/")
            others = other.get("/api/v1/customers/").status_code
            clock.shift(int(refused["Retry-After"]))
            after = client.get("/api/v1/customers/").status_code

        assert statuses == [200, 200]
        assert (refused.status_code, refused["Retry-After"]) == (429, "40")
        assert refused.json()["errors"][0]["code"] == "throttled"
        assert (others, after) == (200, 200)

    def test_requests_pass_while_the_cache_is_down(self, settings: Settings) -> None:
        settings.API_RATE = "1/min"
        down = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1"}
        settings.CACHES = {"default": down}
        client = client_with("read")

        statuses = [client.get("/api/v1/customers/").status_code for _ in range(3)]

        assert statuses == [200, 200, 200]


@pytest.mark.django_db
class TestErrors:
    def test_a_revoked_key_is_told_so(self) -> None:
        client = client_with("read")
        revoke_key(ApiKey.objects.get(), now=NOW)

        response = client.get("/api/v1/customers/")

        assert response.status_code == 401
        assert response.json() == {
            "type": "client_error",
            "errors": [
                {
                    "code": "authentication_failed",
                    "detail": "This API key is unknown, expired or revoked.",
                    "attr": None,
                }
            ],
        }

    def test_a_scope_that_is_too_small_says_what_is_needed(self) -> None:
        response = client_with("read").post("/api/v1/customers/", {}, content_type="application/json")

        assert response.status_code == 403
        assert "needs a key with the scope write; this one has read" in response.json()["errors"][0]["detail"]

    def test_an_address_that_leads_nowhere_answers_in_json_under_api_only(self, client: Client) -> None:
        inside, outside = client.get("/api/v1/nothing/"), client.get("/nothing/")

        assert (inside.status_code, inside["Content-Type"]) == (404, "application/json")
        assert (outside.status_code, outside["Content-Type"]) == (404, "text/html; charset=utf-8")

    @pytest.mark.parametrize("path", ["customers/", "usage/"])
    def test_a_body_that_is_too_large_is_refused_unread(self, settings: Settings, path: str) -> None:
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100

        response = client_with("write").post(f"/api/v1/{path}", [{}] * 100, content_type="application/json")

        assert (response.status_code, response.json()["errors"][0]["code"]) == (413, "too_large")

    def test_a_body_that_is_not_json_is_refused(self) -> None:
        client = client_with("write")

        form = client.post("/api/v1/customers/", {"name": "A"})
        broken = client.post("/api/v1/customers/", "{", content_type="application/json")

        assert (form.status_code, broken.status_code) == (415, 400)

    def test_a_constraint_that_refuses_in_the_last_moment_is_a_conflict_in_words(self) -> None:
        create_key(name="billing", scope="read", now=NOW)
        with pytest.raises(IntegrityError) as raised:
            ApiKey.objects.create(name="billing", prefix="x", hashed="x", created_at=NOW)

        answer = Handler(raised.value, {}).convert_known_exceptions(raised.value)  # type: ignore[typeddict-item]

        assert isinstance(answer, Conflict)
        assert answer.detail == {"name": ["A key of that name is in force; revoke it first."]}

    def test_a_check_that_fails_in_the_database_is_a_bad_value(self) -> None:
        with pytest.raises(IntegrityError) as raised:
            ApiKey.objects.create(name="b", prefix="x", hashed="x", created_at=NOW, scope="all")

        answer: Any = Handler(raised.value, {}).convert_known_exceptions(raised.value)  # type: ignore[typeddict-item]

        assert isinstance(answer, ValidationError)


@pytest.mark.django_db
class TestHealthz:
    def test_it_is_well_when_database_and_broker_answer(self, client: Client) -> None:
        response = client.get("/healthz")

        assert (response.status_code, response.json()) == (200, {"database": "ok", "broker": "ok"})

    def test_it_names_a_broker_that_does_not_answer(self, client: Client, settings: Settings) -> None:
        settings.REDIS_URL = "redis://127.0.0.1:1"

        response = client.get("/healthz")

        assert (response.status_code, response.json()) == (503, {"database": "ok", "broker": "down"})

    @pytest.mark.django_db(transaction=True)
    def test_it_names_a_database_that_does_not_answer(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        connection.close()
        monkeypatch.setitem(connection.settings_dict, "HOST", "/nowhere")
        monkeypatch.setitem(connection.settings_dict, "OPTIONS", {})

        response = client.get("/healthz")

        assert (response.status_code, response.json()["database"]) == (503, "down")


@pytest.mark.django_db
def test_the_front_door_leads_to_the_console(client: Client) -> None:
    assert client.get("/")["Location"] == "/admin/"
