"""Success metrics: targets from what a customer does and what its tier is made for; readings that go on."""

import math

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from agentfactory_cs.customers.models import Customer, Goal, GoalReading
from agentfactory_cs.customers.tests.factories import NOW, YESTERDAY, make_customer, make_goal, make_usage
from agentfactory_cs.events.models import Event
from onboarding import success_metrics
from onboarding.rules import target_of

from .living import after, use


@pytest.mark.parametrize(
    ("current", "full", "target"),
    [
        (0, 50, 13),
        (10, 50, 20),
        (40, 50, 50),
        (50, 50, 63),
        (130, 500, 260),
        (617, 500, 780),
        (0, 1, 1),
        (1, 1, 2),
        (0.43, 3, 1),
    ],
)
def test_the_target_lies_between_what_is_done_and_full_use(current: float, full: float, target: int) -> None:
    assert target_of(current, full) == target


@given(st.floats(0, 1e6), st.floats(1, 1e5), st.floats(0, 1e5))
def test_a_target_asks_for_more_and_for_no_less_of_who_does_more(current: float, full: float, more: float) -> None:
    target = target_of(current, full)

    assert target > current
    assert target <= max(math.ceil(max(2 * current, full / 4, 1.25 * current) * 1.1) + 1, math.floor(current) + 1)
    if current + more < full:
        assert target_of(current + more, full) >= target


def values(customer: Customer) -> dict[str, tuple[float, float]]:
    return {goal.title: (goal.start_value, goal.target_value) for goal in Goal.objects.filter(customer=customer)}


@pytest.mark.django_db
def test_they_are_set_from_the_use_of_the_last_seven_days() -> None:
    customer = make_customer(tier="pro")
    make_usage(customer, days=7, conversations=20, active_agents=3)
    make_usage(customer, until=YESTERDAY.replace(day=10), conversations=999, days=3)

    goals = success_metrics.set_up(customer, now=NOW)

    assert values(customer) == {"Conversations a week": (140, 280), "Active agents": (3, 6)}
    assert {goal.kind for goal in goals} == {"success_metric"}
    assert set(GoalReading.objects.values_list("value", "read_on")) == {(140, YESTERDAY), (3, YESTERDAY)}
    assert Event.objects.filter(trigger="customers.goal_set").count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize("tier", list(Customer.Tier))
def test_without_any_use_they_ask_for_a_quarter_of_full_use(tier: str) -> None:
    customer = make_customer(tier=tier)

    success_metrics.set_up(customer, now=NOW)

    for measure in success_metrics.MEASURES:
        start, target = values(customer)[measure.title]
        assert start == 0
        assert measure.full[tier] / 4 <= target <= measure.full[tier]


@pytest.mark.django_db
def test_what_people_set_themselves_is_left_alone() -> None:
    customer = make_customer()
    mine = make_goal(customer, kind="success_metric", title="Active agents", target_value=7)

    success_metrics.set_up(customer, now=NOW)
    again = success_metrics.set_up(customer, now=NOW)

    mine.refresh_from_db()
    assert again == []
    assert (mine.target_value, Goal.objects.count()) == (7, 2)


@pytest.mark.django_db
def test_they_are_read_on_as_weeks_pass_until_they_are_achieved() -> None:
    customer = make_customer(tier="pro", signed_up_at=NOW)
    success_metrics.set_up(customer, now=NOW)
    use(customer, 1, 2, 3, conversations=10, active_agents=7)
    use(customer, 8, 9, conversations=100)

    success_metrics.read_all(now=after(7))
    success_metrics.read_all(now=after(7))
    success_metrics.read_all(now=after(14))
    success_metrics.read_all(now=after(21))

    conversations = Goal.objects.get(title="Conversations a week")
    assert list(conversations.readings.order_by("read_on").values_list("value", flat=True)) == [0, 30, 200]
    assert conversations.achieved_on == after(13).date()
    assert Goal.objects.get(title="Active agents").achieved_on == after(6).date()
    assert Event.objects.filter(trigger="customers.goal_achieved").count() == 2


@pytest.mark.django_db
def test_however_many_are_read_it_takes_as_many_statements() -> None:
    def statements(number: int) -> int:
        for _number in range(number):
            success_metrics.set_up(make_customer(tier="pro"), now=NOW)
        with CaptureQueriesContext(connection) as queries:
            success_metrics.read_all(now=after(7))
        return len(queries)

    assert statements(2) == statements(8)
