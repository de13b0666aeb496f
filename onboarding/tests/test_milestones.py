"""Milestones: noted once, at the earliest moment there is evidence for, whatever comes in when."""

from datetime import datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.tests.factories import NOW, make_customer, make_user
from agentfactory_cs.events.models import Event
from onboarding import rules
from onboarding.milestones import Reached, reach, reach_all
from onboarding.models import Milestone
from onboarding.models.onboarding import MilestoneSource as Source


def hours_ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


def told(customer: Customer) -> list[Event]:
    return list(Event.objects.filter(customer=customer, trigger="onboarding.milestone_reached"))


@pytest.mark.django_db
def test_a_milestone_is_told_of_once_with_its_own_moment() -> None:
    customer, person = make_customer(), make_user()

    reach(customer, rules.FIRST_AGENT, at=hours_ago(5), source=Source.HAND, detail="Seen.", by=person, now=NOW)
    reach(customer, rules.FIRST_AGENT, at=hours_ago(2), source=Source.PLATFORM, now=NOW)

    milestone = Milestone.objects.get()
    assert (milestone.reached_at, milestone.source, milestone.noted_by) == (hours_ago(5), "hand", person)
    (event,) = told(customer)
    assert event.happened_at == hours_ago(5)
    assert event.data == {
        "milestone": "first_agent",
        "title": "First agent created",
        "source": "By hand",
        "detail": "Seen.",
    }


@pytest.mark.django_db
def test_earlier_evidence_moves_the_moment_back_with_its_source() -> None:
    customer = make_customer()
    reach(customer, rules.FIRST_LOGIN, at=hours_ago(2), source=Source.USAGE, now=hours_ago(1))

    milestone = reach(customer, rules.FIRST_LOGIN, at=hours_ago(9), source=Source.PLATFORM, now=NOW)

    assert (milestone.reached_at, milestone.source) == (hours_ago(9), "platform")
    assert milestone.noted_at == hours_ago(1)
    assert len(told(customer)) == 1


@pytest.mark.django_db
def test_a_moment_lies_between_signup_and_now() -> None:
    customer = make_customer(signed_up_at=hours_ago(10))

    early = reach(customer, rules.FIRST_LOGIN, at=hours_ago(99), source=Source.USAGE, now=NOW)
    late = reach(customer, rules.FIRST_AGENT, at=NOW + timedelta(days=1), source=Source.USAGE, now=NOW)

    assert (early.reached_at, late.reached_at) == (hours_ago(10), NOW)


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "First agent", "first-agent", "1st", "a" * 41, "first_agent\n"])
def test_what_cannot_be_a_milestone_is_refused_and_nothing_is_written(key: str) -> None:
    customer = make_customer()
    rows = [Reached(customer.pk, one, NOW, Source.HAND) for one in (rules.FIRST_LOGIN, key)]

    with pytest.raises(ValidationError, match="key"):
        reach_all(rows, now=NOW)

    assert not Milestone.objects.exists()


@pytest.mark.django_db
def test_however_much_evidence_there_is_it_takes_as_many_statements() -> None:
    customers = [make_customer() for _ in range(20)]

    def statements(some: list[Customer]) -> int:
        rows = [Reached(one.pk, key, NOW, Source.USAGE) for one in some for key in rules.KNOWN]
        with CaptureQueriesContext(
            connection,
        ) as queries:
            reach_all(rows, now=NOW)
        return len(queries)

    assert statements(customers[:2]) == statements(customers[2:])
    assert Milestone.objects.count() == 160


@pytest.mark.django_db
def test_evidence_about_a_customer_that_is_gone_is_passed_over() -> None:
    customer = make_customer()

    count = reach_all([Reached(pk, "own_item", NOW, Source.HAND) for pk in (customer.pk, customer.pk + 1)], now=NOW)

    assert count == 1
    assert told(customer)[0].data["title"] == "Own item"


@pytest.mark.django_db
def test_the_database_keeps_one_row_a_customer_and_milestone() -> None:
    milestone = reach(make_customer(), rules.TRAINING, at=NOW, source=Source.TRAINING, now=NOW)

    milestone.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        milestone.save()


EVIDENCE = st.lists(
    st.tuples(st.sampled_from(list(rules.KNOWN)), st.integers(0, 2_000), st.sampled_from(list(Source))), min_size=1
)


class AnyOrder(TestCase):
    """Properties over evidence as it may come."""

    @given(EVIDENCE, st.randoms())
    def test_the_order_in_which_evidence_comes_in_changes_nothing(self, evidence: list, random: object) -> None:
        customers = [make_customer(), make_customer()]
        shuffled = list(evidence)
        random.shuffle(shuffled)  # type: ignore[attr-defined]

        reach_all([Reached(customers[0].pk, key, hours_ago(back), source) for key, back, source in evidence], now=NOW)
        for key, back, source in shuffled:
            reach(customers[1], key, at=hours_ago(back), source=source, now=NOW)

        at_once, one_by_one = (dict(one.milestones.values_list("key", "reached_at")) for one in customers)
        assert at_once == one_by_one
        assert at_once == {key: hours_ago(max(b for k, b, _s in evidence if k == key)) for key, _b, _s in evidence}
        assert len(told(customers[1])) == len(at_once)
