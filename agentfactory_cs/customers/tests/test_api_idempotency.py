"""Idempotency-Key: sent twice, done once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.db import OperationalError, connection
from psycopg2.errors import DeadlockDetected

from agentfactory_cs.customers import services
from agentfactory_cs.customers.api import customers as customers_api
from agentfactory_cs.customers.models import Customer
from agentfactory_cs.events.models import Event as TimelineEvent

from .clients import ApiClient
from .factories import NOW, make_customer, make_user

BODY = {"name": "Northwind"}


def kept() -> Any:
    """The stored answers. (By name: nothing here imports the REST ground.)"""
    return apps.get_model("rest", "IdempotentRequest").objects.all()


class TestRepeats:
    def test_a_repeat_gets_the_same_answer_and_acts_once(self, api: ApiClient) -> None:
        first = api.post("customers/", BODY, Idempotency_Key="k")
        second = api.post("customers/", BODY, Idempotency_Key="k")

        assert (first.status_code, second.status_code) == (201, 201)
        assert (first.content, first["Location"], first["Content-Type"]) == (
            second.content,
            second["Location"],
            second["Content-Type"],
        )
        assert "Idempotent-Replayed" not in first
        assert second["Idempotent-Replayed"] == "true"
        assert (Customer.objects.count(), TimelineEvent.objects.count()) == (1, 1)

    def test_another_request_with_the_same_key_is_refused(self, api: ApiClient) -> None:
        api.post("customers/", BODY, Idempotency_Key="k")

        other_body = api.post("customers/", {"name": "Other"}, Idempotency_Key="k")
        other_address = api.post("contacts/", BODY, Idempotency_Key="k")

        assert [other_body.status_code, other_address.status_code] == [422, 422]
        assert Customer.objects.count() == 1

    def test_another_api_key_has_keys_of_its_own(self, api: ApiClient) -> None:
        api.post("customers/", BODY, Idempotency_Key="k")

        response = ApiClient("write").post("customers/", BODY, Idempotency_Key="k")

        assert "Idempotent-Replayed" not in response
        assert Customer.objects.count() == 2

    def test_a_refusal_of_the_request_itself_is_repeated_too(self, api: ApiClient) -> None:
        first = api.post("customers/", {"name": ""}, Idempotency_Key="k")
        second = api.post("customers/", {"name": ""}, Idempotency_Key="k")

        assert (first.status_code, second.status_code) == (400, 400)
        assert second["Idempotent-Replayed"] == "true"

    def test_usage_can_be_sent_with_a_key(self, api: ApiClient) -> None:
        rows = [{"customer": make_customer().pk, "day": "2026-06-30", "api_calls": 5}]

        first = api.post("usage/", rows, Idempotency_Key="k")
        second = api.post("usage/", rows, Idempotency_Key="k")

        assert first.json() == second.json() == {"accepted": 1, "errors": []}
        assert second["Idempotent-Replayed"] == "true"

    @pytest.mark.parametrize("key", ["", "x" * 256, "ümlaut"])
    def test_a_key_has_to_be_short_plain_text(self, api: ApiClient, key: str) -> None:
        assert api.post("customers/", BODY, Idempotency_Key=key).status_code == 400
        assert not Customer.objects.exists()

    def test_a_person_signed_in_is_served_as_well(self, client: Any, db: None) -> None:
        client.force_login(make_user("boss", is_superuser=True))

        for _ in range(2):
            headers = {"Idempotency-Key": "k"}
            response = client.post("/api/v1/customers/", BODY, content_type="application/json", headers=headers)

        assert response["Idempotent-Replayed"] == "true"
        assert Customer.objects.count() == 1


class TestWhatIsNotKept:
    def test_without_a_valid_key_nothing_is_kept_and_nothing_is_replayed(self, api: ApiClient) -> None:
        api.post("customers/", BODY, Idempotency_Key="k")

        stranger = ApiClient(None).post("customers/", BODY, Idempotency_Key="k")
        forger = ApiClient(key="afcs_00000000_x").post("customers/", BODY, Idempotency_Key="k")

        assert [stranger.status_code, forger.status_code] == [401, 401]
        assert kept().count() == 1

    def test_a_scope_that_was_too_small_does_not_stick(self, api: ApiClient) -> None:
        assert ApiClient("read").post("customers/", BODY, Idempotency_Key="k").status_code == 403
        assert not kept().exists()

    def test_after_a_failure_of_ours_the_repeat_acts(self, api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
        def stored_but_not_tagged(*args: Any, **kwargs: Any) -> None:
            raise RuntimeError("the last write fails")

        monkeypatch.setattr(customers_api, "set_tags", stored_but_not_tagged)
        failed = api.post("customers/", {**BODY, "tags": ["vip"]}, Idempotency_Key="k")
        nothing = (Customer.objects.count(), kept().count())
        monkeypatch.setattr(customers_api, "set_tags", services.set_tags)

        repeated = api.post("customers/", {**BODY, "tags": ["vip"]}, Idempotency_Key="k")

        assert (failed.status_code, nothing) == (500, (0, 0))
        assert repeated.status_code == 201
        assert "Idempotent-Replayed" not in repeated

    def test_after_a_clash_the_repeat_acts(self, api: ApiClient) -> None:
        address = f"customers/{make_customer().pk}/reactivate/"
        clash = api.post(address, {}, Idempotency_Key="k")
        api.post(address.replace("reactivate", "churn"), {"churned_on": "2026-06-30"})

        repeated = api.post(address, {}, Idempotency_Key="k")

        assert (clash.status_code, repeated.status_code) == (409, 200)
        assert "Idempotent-Replayed" not in repeated

    def test_after_a_deadlock_the_repeat_acts(self, api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
        def chosen_as_victim(*args: Any, **kwargs: Any) -> None:
            raise OperationalError("deadlock detected") from DeadlockDetected()

        monkeypatch.setattr(DeadlockDetected, "pgcode", "40P01")
        monkeypatch.setattr(customers_api, "set_tags", chosen_as_victim)
        collision = api.post("customers/", {**BODY, "tags": ["vip"]}, Idempotency_Key="k")
        nothing = (Customer.objects.count(), kept().count())
        monkeypatch.setattr(customers_api, "set_tags", services.set_tags)

        repeated = api.post("customers/", {**BODY, "tags": ["vip"]}, Idempotency_Key="k")

        assert (collision.status_code, nothing) == (409, (0, 0))
        assert repeated.status_code == 201
        assert "Idempotent-Replayed" not in repeated

    def test_after_a_day_a_key_is_new_again(self, db: None) -> None:
        with time_machine.travel(NOW, tick=False) as clock:
            api = ApiClient()
            api.post("customers/", BODY, Idempotency_Key="k")
            clock.shift(timedelta(hours=23, minutes=59))
            within = api.post("customers/", BODY, Idempotency_Key="k")
            clock.shift(timedelta(minutes=2))
            after = api.post("customers/", {"name": "Other"}, Idempotency_Key="k")

        assert within["Idempotent-Replayed"] == "true"
        assert after.status_code == 201
        assert (Customer.objects.count(), kept().count()) == (2, 1)


@pytest.fixture
def key(transactional_db: None) -> str:
    return ApiClient().key


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as threads:
        yield threads


def post(key: str) -> Any:
    """From a thread, which has a connection of its own."""
    try:
        return ApiClient(key=key).post("customers/", BODY, Idempotency_Key="k")
    finally:
        connection.close()


class TestAtTheSameMoment:
    def test_eight_at_once_act_once_and_get_one_answer(self, key: str, pool: ThreadPoolExecutor) -> None:
        start = Barrier(8)

        def race(_: int) -> Any:
            start.wait()
            return post(key)

        responses = list(pool.map(race, range(8)))

        assert {response.status_code for response in responses} == {201}
        assert len({response.content for response in responses}) == 1
        assert sum("Idempotent-Replayed" in response for response in responses) == 7
        assert Customer.objects.count() == 1

    def test_a_repeat_waits_for_the_first_and_acts_when_that_fails(
        self, key: str, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        entered, may_fail, calls = Event(), Event(), []

        def fail_the_first_time(customer: Customer, **options: Any) -> Customer:
            calls.append(customer)
            if len(calls) == 1:
                entered.set()
                may_fail.wait(10)
                raise RuntimeError("the first fails")
            return services.save_customer(customer, **options)

        monkeypatch.setattr(customers_api, "save_customer", fail_the_first_time)
        first = pool.submit(post, key)
        entered.wait(10)
        second = pool.submit(post, key)
        _wait_for_a_lock()
        may_fail.set()

        assert (first.result().status_code, second.result().status_code) == (500, 201)
        assert Customer.objects.count() == 1

    def test_a_repeat_that_waits_too_long_is_told_so(
        self, key: str, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        entered, may_go_on = Event(), Event()

        def slowly(customer: Customer, **options: Any) -> Customer:
            entered.set()
            may_go_on.wait(10)
            return services.save_customer(customer, **options)

        monkeypatch.setattr(customers_api, "save_customer", slowly)
        monkeypatch.setattr("agentfactory_cs.rest.idempotency.WAIT", "50ms")
        first = pool.submit(post, key)
        entered.wait(10)
        second = pool.submit(post, key).result()
        may_go_on.set()

        assert (first.result().status_code, second.status_code) == (201, 409)
        assert second.json()["errors"][0]["code"] == "in_progress"
        assert Customer.objects.count() == 1


def _wait_for_a_lock() -> None:
    """Until the second request stands at the first one's lock."""
    for _ in range(10_000):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
    raise AssertionError("Nobody waits.")
