"""A timeline read in stretches."""

from datetime import timedelta

import pytest
from django.test import Client

from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.tests.factories import NOW, make_customer, make_member
from agentfactory_cs.events import queries
from agentfactory_cs.events.models import Event
from agentfactory_cs.events.registry import Trigger
from agentfactory_cs.events.services import record

pytestmark = pytest.mark.django_db


def _record(customer: Customer, count: int) -> None:
    for number in range(count):
        # Three at a time at the same moment, so that the moment alone does not say which comes next.
        moment = NOW + timedelta(minutes=number // 3)
        record("customers.interaction", customer, {"kind": "Call", "subject": f"No. {number}"}, now=moment)


def test_stretch_after_stretch_gives_every_event_once_and_in_order() -> None:
    customer = make_customer()
    _record(customer, 17)
    read, mark = [], ""

    while True:
        stretch = queries.timeline(customer.pk, before=mark, limit=5)
        read += [line.event.pk for line in stretch.lines]
        if stretch.more is None:
            break
        mark = stretch.more

    assert read == list(Event.objects.filter(customer=customer).values_list("pk", flat=True))
    assert len(read) == 18


def test_a_timeline_that_ends_with_a_full_stretch_has_no_more() -> None:
    customer = make_customer()
    _record(customer, 4)

    assert queries.timeline(customer.pk, limit=5).more is None


def test_one_kind_or_one_app_can_be_chosen() -> None:
    customer = make_customer()
    _record(customer, 2)

    assert len(queries.timeline(customer.pk, kind="customers.interaction").lines) == 2
    assert len(queries.timeline(customer.pk, kind="customers").lines) == 3
    assert queries.timeline(customer.pk, kind="health").lines == []


@pytest.mark.parametrize("mark", ["nonsense", "%%%", "bm9uc2Vuc2U=", "ü"])
def test_a_mark_that_is_none_begins_at_the_newest(mark: str) -> None:
    customer = make_customer()

    assert len(queries.timeline(customer.pk, before=mark).lines) == 1


def test_an_event_is_told_in_its_triggers_words() -> None:
    trigger = Trigger("tests.moved", "Moved", "Moved from {old} to {new}")

    assert queries.sentence(trigger, trigger.key, {"old": "a", "new": "b"}) == "Moved from a to b"


def test_data_that_do_not_fit_the_sentence_leave_the_label() -> None:
    trigger = Trigger("tests.moved", "Moved", "Moved from {old} to {new}")

    assert queries.sentence(trigger, trigger.key, {"old": "a"}) == "Moved"


def test_an_event_nobody_announces_any_more_keeps_its_own_name() -> None:
    assert queries.sentence(None, "gone.app_event", {}) == "gone.app_event"


def test_further_stretches_come_without_the_frame() -> None:
    customer = make_customer()
    _record(customer, 25)
    client = Client()
    client.force_login(make_member("CSM"))
    first = client.get(f"/admin/panel/events.timeline/{customer.pk}/").content.decode()
    mark = queries.timeline(customer.pk).more or ""

    more = client.get(f"/admin/panel/events.timeline/{customer.pk}/", {"part": "1", "before": mark}).content.decode()

    assert "<select" in first
    assert "<select" not in more
    assert "No. 0" in more
    assert "No. 0" not in first
