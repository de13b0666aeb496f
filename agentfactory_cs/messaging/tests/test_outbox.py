"""The outbox: what is asked for, once; and what a person does about it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.tests.factories import NOW, make_contact, make_customer, make_user
from agentfactory_cs.events.models import Event
from agentfactory_cs.messaging import outbox
from agentfactory_cs.messaging.models import Email
from agentfactory_cs.messaging.services import schedule_email

from .mails import make_email, make_reader, make_template

pytestmark = pytest.mark.django_db
State = Email.State


def test_the_same_key_is_queued_once() -> None:
    contact, template = make_reader(), make_template()
    first = make_email(contact, template=template, dedupe_key="welcome:1")

    again = outbox.queue(
        customer=contact.customer, template=template, due_at=NOW, dedupe_key="welcome:1", context={"a": 1}, now=NOW
    )

    assert again is None
    assert list(Email.objects.values_list("pk", "context")) == [(first.pk, {})]


def test_without_a_contact_it_goes_to_the_primary_one() -> None:
    primary = make_reader()
    make_contact(primary.customer)

    email = outbox.queue(customer=primary.customer, template=make_template(), due_at=NOW, dedupe_key="k", now=NOW)

    assert email is not None
    assert email.contact == primary


def test_with_nobody_to_write_to_the_row_says_so() -> None:
    customer = make_customer()

    email = outbox.queue(customer=customer, template=make_template(), due_at=NOW, dedupe_key="k", now=NOW)

    assert email is not None
    assert (email.state, email.reason) == (State.WITHHELD, "The customer has no primary contact.")
    assert Event.objects.get(trigger="messaging.email_withheld").data["reason"] == email.reason


def test_another_customers_contact_is_refused() -> None:
    with pytest.raises(ValidationError) as refusal:
        outbox.queue(
            customer=make_customer(),
            contact=make_reader(),
            template=make_template(),
            due_at=NOW,
            dedupe_key="k",
            now=NOW,
        )

    assert refusal.value.message_dict == {"contact": ["This contact belongs to another customer."]}


# -- Scheduling ------------------------------------------------------------------------------

BERLIN_MORNING = datetime(2026, 7, 4, 7, tzinfo=UTC)
DAYS: list[tuple[int | date, datetime]] = [
    (0, NOW),
    (date(2026, 7, 1), NOW),
    (3, BERLIN_MORNING),
    (date(2026, 7, 4), BERLIN_MORNING),
]


@pytest.mark.parametrize(("day", "due_at"), DAYS)
def test_a_mail_is_scheduled_for_nine_in_the_contacts_zone_or_at_once(day: int | date, due_at: datetime) -> None:
    contact = make_reader(time_zone="Europe/Berlin")
    make_template("first_agent")

    email = schedule_email(contact.customer_id, "first_agent", day, now=NOW)

    assert (email.contact, email.due_at, email.state) == (contact, due_at, State.WAITING)


def test_scheduling_twice_for_a_day_is_scheduling_once() -> None:
    contact = make_reader()
    make_template("first_agent")

    first = schedule_email(contact.customer_id, "first_agent", 3, now=NOW)
    again = schedule_email(contact.customer_id, "first_agent", date(2026, 7, 4), now=NOW + timedelta(hours=1))

    assert again == first


@pytest.mark.parametrize("day", [-1, 400, date(2026, 6, 30), date(2030, 1, 1)])
def test_a_day_that_has_passed_or_is_far_away_is_refused(day: int | date) -> None:
    contact = make_reader()
    make_template("first_agent")

    with pytest.raises(ValidationError) as refusal:
        schedule_email(contact.customer_id, "first_agent", day, now=NOW)

    assert "day" in refusal.value.message_dict
    assert not Email.objects.exists()


def test_an_unknown_template_or_customer_is_refused() -> None:
    with pytest.raises(ValidationError) as refusal:
        schedule_email(make_customer().pk, "nonsense", 0, now=NOW)
    with pytest.raises(Customer.DoesNotExist):
        schedule_email(0, "nonsense", 0, now=NOW)

    assert refusal.value.message_dict == {"template": ["There is no mail template “nonsense”."]}


# -- What a person does ----------------------------------------------------------------------

WHY = "By mistake."
VERBS: dict[str, tuple[Callable[..., Email], dict[str, str], set[str], str]] = {
    "cancel": (outbox.cancel, {"reason": WHY}, {State.WAITING, State.HELD}, State.WITHHELD),
    "hold": (outbox.hold, {"reason": WHY}, {State.WAITING}, State.HELD),
    "retry": (outbox.retry, {}, {State.HELD, State.UNCERTAIN, State.FAILED, State.WITHHELD}, State.WAITING),
    "send_now": (outbox.send_now, {}, {State.WAITING, State.HELD}, State.WAITING),
    "mark_arrived": (outbox.mark_arrived, {}, {State.UNCERTAIN}, State.SENT),
}


def _in_state(state: str) -> Email:
    email = make_email()
    values: dict[str, Any] = {"state": state, "reason": "Some reason."}
    if state in (State.SENDING, State.SENT, State.UNCERTAIN):
        values |= {"message_id": "<1@example.com>", "address": "ada@example.com", "subject": "Hello"}
    if state in (State.SENDING, State.UNCERTAIN):
        values["claimed_at"] = NOW
    if state == State.SENT:
        values["sent_at"] = NOW
    Email.objects.filter(pk=email.pk).update(**values)
    email.refresh_from_db()
    return email


@pytest.mark.parametrize("state", State.values)
@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_is_for_some_states_and_refused_in_all_others(verb: str, state: str) -> None:
    act, arguments, allowed, becomes = VERBS[verb]
    email = _in_state(state)

    if state in allowed:
        act(email, **arguments, by=make_user(), now=NOW)
    else:
        with pytest.raises(ValidationError) as refusal:
            act(email, **arguments, by=make_user(), now=NOW)
        assert refusal.value.code == "conflict"

    email.refresh_from_db()
    assert email.state == (becomes if state in allowed else state)


@pytest.mark.parametrize("verb", VERBS)
def test_the_verbs_go_the_ways_of_the_table(verb: str) -> None:
    _, _, allowed, becomes = VERBS[verb]

    ways = {State(state): Email.TRANSITIONS[State(state)] for state in allowed}

    assert all(becomes in following or becomes == state for state, following in ways.items())


def test_every_state_is_in_the_table() -> None:
    assert set(Email.TRANSITIONS) == set(State)


def test_sending_now_is_a_persons_mail_without_cap_and_quiet_hours() -> None:
    email = make_email(due_at=NOW + timedelta(days=3))

    outbox.send_now(email, now=NOW)

    email.refresh_from_db()
    assert (email.not_before, email.is_automatic) == (NOW, False)


def test_a_cancelled_mail_is_on_the_timeline_with_its_reason() -> None:
    email = make_email()

    outbox.cancel(email, reason=WHY, by=make_user(first_name="Mia", last_name="Berg"), now=NOW)

    event = Event.objects.get(trigger="messaging.email_withheld")
    assert (event.data["reason"], event.by_label) == (WHY, "Mia Berg")


@pytest.mark.parametrize("verb", ["cancel", "hold"])
def test_nothing_is_stopped_without_a_reason(verb: str) -> None:
    email = make_email()

    with pytest.raises(ValidationError) as refusal:
        VERBS[verb][0](email, reason="  ", now=NOW)

    assert "reason" in refusal.value.message_dict


# -- What the database refuses ---------------------------------------------------------------

IMPOSSIBLE: list[dict[str, Any]] = [
    {"state": "lost"},
    {"state": State.SENDING, "claimed_at": NOW},
    {"state": State.SENT, "sent_at": NOW},
    {"state": State.SENT, "message_id": "<1@x>", "address": "a@x", "subject": "s"},
    {"sent_at": NOW},
    {"state": State.SENDING, "message_id": "<1@x>", "address": "a@x", "subject": "s"},
    {"state": State.HELD},
    {"state": State.WITHHELD},
    {"state": State.FAILED},
]


@pytest.mark.parametrize("values", IMPOSSIBLE)
def test_the_database_refuses_a_row_that_makes_no_sense(values: dict[str, Any]) -> None:
    email = make_email()

    with pytest.raises(IntegrityError), transaction.atomic():
        Email.objects.filter(pk=email.pk).update(**values)
