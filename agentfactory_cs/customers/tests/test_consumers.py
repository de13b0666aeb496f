"""Events are handed to whoever acts on them: once each, in order, whatever fails and whoever else is at it."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from threading import Event as Signal
from typing import Any

import pytest
from django.db import connection, transaction

from agentfactory_cs.customers.models import Customer
from agentfactory_cs.events.consumers import MAX_FAILURES, Consumer, consumers, feed_all
from agentfactory_cs.events.models import Event, Follower

from .factories import NOW, make_customer
from .following import INSERT, other_connection, settle, tell

__all__ = ["other_connection"]
pytestmark = pytest.mark.django_db(transaction=True)

Register = Callable[[str], "Reader"]


class Reader:
    """A consumer that notes what it is given, and fails while it is told to."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.got: list[str] = []
        self.fails = False

    def handle(self, events: Sequence[Event], now: datetime) -> None:
        Customer.objects.update(country="XX" if self.fails else "DE")
        if self.fails:
            raise RuntimeError("The line is cut.")
        self.got += [event.data.get("name") or event.trigger for event in events]

    @property
    def row(self) -> Follower:
        return Follower.objects.get(pk=self.key)


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Register:
    """Readers that stand alone: no other consumer is fed."""
    monkeypatch.setattr(consumers, "_items", {})

    def begin(key: str) -> Reader:
        reader = Reader(key)
        consumers.register(Consumer(key, key, reader.handle))
        feed_all(now=NOW)
        return reader

    return begin


def test_what_is_recorded_is_handed_over_once_and_in_order(register: Register) -> None:
    customer = make_customer()
    settle()
    reader = register("tests.reader")
    for number in range(5):
        tell(customer, number)
    settle()

    fed = [feed_all(now=NOW), feed_all(now=NOW)]

    assert fed == [5, 0]
    assert reader.got == [f"Person {number}" for number in range(5)]


def test_one_that_fails_is_noted_holds_up_nobody_and_goes_on_where_it_stood(register: Register) -> None:
    customer = make_customer()
    settle()
    broken, sound = register("tests.broken"), register("tests.sound")
    tell(customer, 1)
    settle()
    broken.fails = True

    feed_all(now=NOW)
    noted, country = broken.row, Customer.objects.get().country
    broken.fails = False
    feed_all(now=NOW)

    assert (noted.failures, noted.error, noted.failed_at) == (1, "RuntimeError: The line is cut.", NOW)
    assert country != "XX"  # what it had written is gone with its failure
    assert sound.got == broken.got == ["Person 1"]
    assert (broken.row.failures, broken.row.error) == (0, "")


def test_one_that_keeps_failing_is_left_alone_until_a_person_has_looked(register: Register) -> None:
    customer = make_customer()
    settle()
    reader = register("tests.reader")
    tell(customer, 1)
    settle()
    Follower.objects.update(failures=MAX_FAILURES)

    left_alone = feed_all(now=NOW)
    Follower.objects.update(failures=0)
    looked_at = feed_all(now=NOW)

    assert (left_alone, looked_at, reader.got) == (0, 1, ["Person 1"])


def test_two_workers_at_the_same_time_hand_nothing_over_twice(register: Register) -> None:
    customer = make_customer()
    settle()
    reader = register("tests.reader")
    for number in range(20):
        tell(customer, number)
    settle()
    start = Barrier(2)

    def feed() -> int:
        start.wait(timeout=20)
        try:
            return feed_all(now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        fed = list(pool.map(lambda _: feed(), range(2)))

    assert sum(fed) == len(reader.got) == 20
    assert len(set(reader.got)) == 20


def test_while_one_worker_feeds_a_second_passes_by(register: Register) -> None:
    customer = make_customer()
    settle()
    register("tests.reader")
    tell(customer, 1)
    settle()
    held, done = Signal(), Signal()

    def hold() -> None:
        try:
            with transaction.atomic():
                assert Follower.take("tests.reader")
                held.set()
                done.wait(timeout=20)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        holder = pool.submit(hold)
        held.wait(timeout=20)
        fed = feed_all(now=NOW)
        done.set()
        holder.result()

    assert fed == 0
    settle()
    assert feed_all(now=NOW) == 1


def test_an_event_of_a_transaction_that_ends_late_is_not_missed(register: Register, other_connection: Any) -> None:
    customer = make_customer()
    settle()
    reader = register("tests.reader")
    other_connection.set_autocommit(False)
    with other_connection.cursor() as cursor:
        cursor.execute(INSERT, [customer.pk])
    tell(customer, 1)

    feed_all(now=NOW)
    while_it_lasts = list(reader.got)
    other_connection.commit()
    settle()
    feed_all(now=NOW)

    assert while_it_lasts == []
    assert reader.got == ["customers.long", "Person 1"]
