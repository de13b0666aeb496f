"""Mail over REST."""

from datetime import timedelta
from typing import Any

import pytest

from agentfactory_cs.customers.tests.clients import ApiClient, errors_of
from agentfactory_cs.customers.tests.factories import NOW
from agentfactory_cs.messaging.models import Email, Suppression
from agentfactory_cs.messaging.sending import deliver_due

from .mails import make_email, make_reader, make_sent, make_template
from .sink import Sink

State = Email.State


def test_a_mail_is_scheduled_sent_and_read_back(api: ApiClient, sink: Sink) -> None:
    contact = make_reader(name="Ada")
    make_template("hello")

    created = api.post("emails/", {"customer_external_id": contact.customer.external_id, "template": "hello"})
    deliver_due(clock=lambda: NOW)
    read = api.get(created["Location"]).json()

    assert created.status_code == 201
    assert created.json()["state"] == State.WAITING
    assert (read["state"], read["subject"], read["template"]) == (State.SENT, "For Ada", "hello")
    assert len(sink.mails) == 1


def test_repeating_a_request_for_a_day_answers_with_the_same_mail(api: ApiClient) -> None:
    contact = make_reader()
    make_template("hello")
    body = {"customer": contact.customer_id, "template": "hello", "day": 3}

    first, again = api.post("emails/", body), api.post("emails/", body)

    assert first.json()["id"] == again.json()["id"]
    assert first.json()["due_at"] == "2026-07-04T09:00:00Z"


BAD: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({}, {"customer": "invalid"}),
    ({"template": "nonsense"}, {"template": "does_not_exist"}),
    ({"day": -1}, {"day": "min_value"}),
    ({"on": "2026-06-01"}, {"day": "invalid"}),
    ({"day": 1, "on": "2026-07-02"}, {"on": "invalid"}),
    ({"daye": 1}, {"daye": "invalid"}),
]


@pytest.mark.parametrize(("wrong", "errors"), BAD)
def test_what_is_wrong_is_named(api: ApiClient, wrong: dict[str, Any], errors: dict[str, str]) -> None:
    contact = make_reader()
    make_template("hello")
    body = {"customer": contact.customer_id, "template": "hello", **wrong} if wrong else {"template": "hello"}

    answer = api.post("emails/", body)

    assert answer.status_code == 400
    assert errors_of(answer) == errors
    assert not Email.objects.exists()


def test_the_list_is_narrowed_by_state_and_costs_the_same_however_long(
    api: ApiClient, django_assert_num_queries: Any
) -> None:
    contact = make_reader()
    for number in range(5):
        make_email(contact, dedupe_key=f"waiting {number}")
    make_sent(contact, NOW - timedelta(days=1))

    with django_assert_num_queries(3):
        found = api.get("emails/", state=State.WAITING, customer=contact.customer_id).json()["results"]

    assert {mail["state"] for mail in found} == {State.WAITING}
    assert len(found) == 5


def test_a_waiting_mail_is_cancelled_and_a_sent_one_not(api: ApiClient) -> None:
    contact = make_reader()
    waiting, sent = make_email(contact), make_sent(contact, NOW)

    cancelled = api.post(f"emails/{waiting.pk}/cancel/", {"reason": "They called us."})
    too_late = api.post(f"emails/{sent.pk}/cancel/", {"reason": "They called us."})

    assert (cancelled.status_code, cancelled.json()["state"]) == (200, State.WITHHELD)
    assert cancelled.json()["reason"] == "They called us."
    assert too_late.status_code == 409


def test_an_address_is_put_on_the_list_once_and_lifted_with_a_reason(api: ApiClient) -> None:
    put = api.post("suppressions/", {"address": "Ada@Example.com", "detail": "Asked on the phone."})
    again = api.post("suppressions/", {"address": "ada@example.com"})
    lifted = api.post(f"suppressions/{put.json()['id']}/lift/", {"reason": "Asked for it."})
    twice = api.post(f"suppressions/{put.json()['id']}/lift/", {"reason": "Asked for it."})

    assert (put.status_code, put.json()["address"], put.json()["reason"]) == (201, "ada@example.com", "by_hand")
    assert (again.status_code, lifted.status_code, twice.status_code) == (409, 200, 409)
    assert api.get("suppressions/", in_force="true").json()["results"] == []
    assert Suppression.objects.get().lift_reason == "Asked for it."


def test_reading_keys_cannot_send(db: None, at_now: None) -> None:
    reader = ApiClient("read")

    assert reader.get("emails/").status_code == 200
    assert reader.post("emails/", {}).status_code == 403
