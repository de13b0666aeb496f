"""What a dead worker left behind is sorted, each mail by how far it had got."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from agentfactory_cs.customers.tests.factories import NOW
from agentfactory_cs.events.models import Event
from agentfactory_cs.messaging.models import Email
from agentfactory_cs.messaging.sending import deliver_due
from agentfactory_cs.messaging.sweeping import sweep

from .mails import make_email
from .sink import Sink

pytestmark = pytest.mark.django_db
State = Email.State
DEAD = NOW + Email.LEASE + timedelta(seconds=1)


def _left(state: str, **values: Any) -> Email:
    email = make_email()
    rendered = {"message_id": f"<{email.pk}@x>", "address": "ada@example.com", "subject": "Hello", "claimed_at": NOW}
    Email.objects.filter(pk=email.pk).update(state=state, **{**rendered, **values})
    return email


@pytest.fixture
def batch() -> list[Email]:
    """One sent, one called up, one not yet called up: what a worker that was killed leaves."""
    sweep(now=NOW - timedelta(days=1))
    return [_left(State.SENT, sent_at=NOW), _left(State.SENDING), _left(State.WAITING)]


def _states(emails: list[Email]) -> list[tuple[str, bool]]:
    rows = Email.objects.in_bulk([email.pk for email in emails])
    return [(rows[email.pk].state, rows[email.pk].claimed_at is None) for email in emails]


def test_only_the_one_that_was_called_up_is_uncertain(batch: list[Email]) -> None:
    doubtful = sweep(now=DEAD)

    assert doubtful == 1
    assert _states(batch) == [(State.SENT, True), (State.UNCERTAIN, False), (State.WAITING, True)]
    assert list(Event.objects.filter(trigger="messaging.email_sent").values_list("data__email", flat=True)) == [
        batch[0].pk
    ]


def test_within_its_lease_a_batch_is_left_alone(batch: list[Email]) -> None:
    assert sweep(now=NOW + timedelta(minutes=9)) == 0
    assert _states(batch) == [(State.SENT, False), (State.SENDING, False), (State.WAITING, False)]


def test_sweeping_twice_is_sweeping_once(batch: list[Email]) -> None:
    sweep(now=DEAD)
    sweep(now=DEAD)

    assert Event.objects.filter(trigger="messaging.email_sent").count() == 1
    assert [state for state, _ in _states(batch)] == [State.SENT, State.UNCERTAIN, State.WAITING]


def test_what_was_free_again_is_sent_and_what_is_uncertain_is_not(batch: list[Email], sink: Sink) -> None:
    deliver_due(clock=lambda: DEAD)

    assert len(sink.mails) == 1
    assert [state for state, _ in _states(batch)] == [State.SENT, State.UNCERTAIN, State.SENT]


def test_after_a_crash_of_the_database_nothing_of_a_dead_batch_is_taken_for_unsent(batch: list[Email]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE messaging_steady")  # as its recovery does

    doubtful = sweep(now=DEAD)

    assert doubtful == 2
    assert [state for state, _ in _states(batch)] == [State.SENT, State.UNCERTAIN, State.UNCERTAIN]
