"""Nothing that is dated after the as-of day changes a score of that day, nor anything a backtest holds against it."""

from collections.abc import Callable
from dataclasses import fields
from datetime import date, datetime, timedelta

import numpy as np
import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentfactory_cs.customers import services
from agentfactory_cs.customers.days import end_of_day
from agentfactory_cs.customers.models import (
    Churn,
    Customer,
    Feature,
    Goal,
    Interaction,
    OutcomeReport,
    Subscription,
    Training,
    UsageDay,
)
from agentfactory_cs.customers.tests.factories import NOW, make_customer, make_goal, make_subscription, make_usage
from agentfactory_cs.messaging.models import Response, Survey
from agentfactory_cs.messaging.services import record_response
from health.backtesting.candidate import Candidate
from health.backtesting.replay import Panel, as_of
from health.metrics import KEYS, PLACE
from health.models import Scorecard
from health.readings import Selection
from health.services import publish_scorecard
from health.standard import STANDARD
from support.tests.desks import make_ticket

pytestmark = pytest.mark.django_db

DAY = date(2026, 3, 31)
HORIZON = timedelta(days=60)


@pytest.fixture(autouse=True)
def a_scorecard_that_looks_at_payments() -> None:
    limits = [{"signal": "payment_unpaid", "at_most": 5}, {"signal": "payment_past_due", "at_most": 60}]
    card = Scorecard.objects.get()
    publish_scorecard(card, definition={**STANDARD, "limits": limits}, reason="Limits.", now=NOW)


@pytest.fixture
def customer() -> Customer:
    """Somebody of whom every metric with a source is known on the day."""
    customer = make_customer(tier="pro", signed_up_at=NOW - timedelta(days=500))
    feature = Feature.objects.get(bit=1)
    make_usage(customer, until=DAY, days=100, api_calls=900, active_agents=5, conversations=40, logins=1, features=2)
    UsageDay.objects.filter(customer=customer, day=DAY).update(community_posts=2, features=1 << feature.bit)
    make_subscription(customer, plan="pro", mrr=300, starts_on=DAY - timedelta(days=90))
    for kind in (Goal.Kind.GOAL, Goal.Kind.SUCCESS_METRIC):
        goal = make_goal(customer, kind=kind, set_on=DAY - timedelta(days=50))
        services.record_reading(goal, value=100, on=DAY - timedelta(days=5), now=NOW)
    training(customer, DAY - timedelta(days=60), DAY - timedelta(days=30))
    training(customer, DAY - timedelta(days=60), None)
    outcome(customer, DAY - timedelta(days=3), value=150)
    interaction(customer, DAY - timedelta(days=3))
    make_ticket(customer=customer, created_at=at_noon(DAY - timedelta(days=3)))
    answer(customer, "nps", 9, DAY - timedelta(days=3))
    answer(customer, "support_csat", 4, DAY - timedelta(days=3))
    services.estimate_renewal(customer, likelihood=80, on=DAY - timedelta(days=3), now=NOW)
    return customer


def at_noon(day: date) -> datetime:
    return end_of_day(day) - timedelta(hours=12)


def training(customer: Customer, assigned: date, completed: date | None) -> None:
    course = Training(customer=customer, course=f"{assigned} {completed}", assigned_on=assigned, completed_on=completed)
    services.save_training(course, now=NOW)


def outcome(customer: Customer, end: date, value: int) -> None:
    start = end - timedelta(days=20)
    report = OutcomeReport(
        customer=customer, period_start=start, period_end=end, cost=100, value_delivered=value, value_expected=200
    )
    services.save_outcome_report(report, now=NOW)


def interaction(customer: Customer, day: date) -> None:
    held = Interaction(customer=customer, kind="call", subject=f"On {day}", held_at=at_noon(day))
    services.log_interaction(held, now=NOW)


def answer(customer: Customer, kind: str, score: int, day: date) -> None:
    survey = Survey.objects.get(kind=kind)
    record_response(Response(survey=survey, customer=customer, score=score, answered_at=at_noon(day)), now=NOW)


def goal_reading(customer: Customer, day: date) -> None:
    for goal in customer.goals.filter(set_on__lte=DAY):
        services.record_reading(goal, value=1, on=day, now=NOW)


def goal_achieved(customer: Customer, day: date) -> None:
    goal = customer.goals.filter(set_on__lte=DAY)[0]
    goal.achieved_on = day
    services.save_goal(goal, now=NOW)


def change_tier(customer: Customer, day: date) -> None:
    customer.tier = Customer.Tier.ENTERPRISE
    services.save_customer(customer, now=at_noon(day))


def change_contract(customer: Customer, day: date, **values: object) -> None:
    contract = customer.subscriptions.order_by("starts_on", "pk")[0]  # another fact may have changed its plan
    for name, value in values.items():
        setattr(contract, name, value)
    services.save_subscription(contract, now=at_noon(day))


def complete_training(customer: Customer, day: date) -> None:
    course = customer.trainings.filter(completed_on__isnull=True)[0]
    course.completed_on = day
    services.save_training(course, now=NOW)


def new_contract(customer: Customer, day: date) -> None:
    unpaid = Subscription(
        customer=customer, plan="second", mrr=10, starts_on=day, payment_status=Subscription.PaymentStatus.UNPAID
    )
    services.save_subscription(unpaid, now=at_noon(day))


def feature_introduced(customer: Customer, day: date) -> None:
    bit = 1 + max(Feature.objects.values_list("bit", flat=True))
    Feature.objects.create(bit=bit, name=f"feature {bit}", tier="free", introduced_on=day)


LATER: dict[str, Callable[[Customer, date], object]] = {
    "usage": lambda customer, day: make_usage(
        customer, until=day, days=1, api_calls=10**6, active_agents=99, logins=9, community_posts=50, features=4
    ),
    "an NPS answer": lambda customer, day: answer(customer, "nps", 0, day),
    "an answer on support": lambda customer, day: answer(customer, "support_csat", 1, day),
    "a ticket": lambda customer, day: make_ticket(customer=customer, created_at=at_noon(day)),
    "an interaction": interaction,
    "a renewal estimate": lambda customer, day: services.estimate_renewal(customer, likelihood=1, on=day, now=NOW),
    "a training assigned": lambda customer, day: training(customer, day, None),
    "a training completed": complete_training,
    "a goal set": lambda customer, day: make_goal(customer, set_on=day),
    "a reading of a goal": goal_reading,
    "a goal achieved": goal_achieved,
    "a report of outcomes": lambda customer, day: outcome(customer, day, value=1),
    "a change of tier": change_tier,
    "a payment past due": lambda customer, day: change_contract(customer, day, payment_status="past_due"),
    "a payment missed": lambda customer, day: change_contract(customer, day, payment_status="unpaid"),
    "another plan": lambda customer, day: change_contract(customer, day, plan="enterprise", mrr=900, seats=9),
    "another contract, unpaid": new_contract,
    "a contract that ended": lambda customer, day: change_contract(customer, day, ended_on=day),
    "a feature introduced": feature_introduced,
    "a feature retired": lambda customer, day: Feature.objects.filter(bit=1).update(retired_on=day),
    "another customer": lambda customer, day: make_customer(signed_up_at=at_noon(day)),
}


def looked_at(customer: Customer) -> Panel:
    # Everybody, not the customer alone: who signs up later must not turn up either.
    return as_of(Selection(0, 2**62), DAY, DAY + HORIZON, Candidate.of(None))


def differing(before: Panel, after: Panel) -> list[str]:
    names = [field.name for field in fields(Panel)]
    return [
        name
        for name in names
        if not np.array_equal(getattr(before, name), getattr(after, name), equal_nan=name != "reliable")
    ]


def test_the_example_has_data_for_every_metric(customer: Customer) -> None:
    panel = looked_at(customer)

    missing = {key for key in KEYS if np.isnan(panel.readings[0, PLACE[key]])}

    assert missing == set()
    assert panel.scores[0] > 0


@pytest.mark.parametrize("what", LATER)
@pytest.mark.parametrize("days", [1, 20])
def test_what_is_dated_later_changes_nothing(customer: Customer, what: str, days: int) -> None:
    before = looked_at(customer)

    LATER[what](customer, DAY + timedelta(days=days))

    assert differing(before, looked_at(customer)) == []


# Each of these is dated late enough above; dated on the day itself it must be seen, or the test above proves nothing.
SEEN = [what for what in LATER if what not in {"another plan", "a goal achieved", "usage", "a contract that ended"}]


@pytest.mark.parametrize("what", SEEN)
def test_the_same_dated_on_the_day_itself_is_seen(customer: Customer, what: str) -> None:
    before = looked_at(customer)

    LATER[what](customer, DAY)

    assert differing(before, looked_at(customer)) != []


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(sorted(LATER)), st.integers(1, 90)), max_size=6, unique_by=lambda one: one[0])
)
def test_no_mixture_of_later_facts_changes_anything(customer: Customer, facts: list[tuple[str, int]]) -> None:
    with transaction.atomic():
        before = looked_at(customer)

        for what, days in facts:
            customer.refresh_from_db()
            LATER[what](customer, DAY + timedelta(days=days))
        after = looked_at(customer)
        transaction.set_rollback(True)

    assert differing(before, after) == []


@pytest.mark.parametrize(("days", "label"), [(0, None), (1, 1.0), (60, 60.0), (61, float("nan")), (90, float("nan"))])
def test_a_departure_is_seen_as_the_label_alone_and_only_within_the_horizon(
    customer: Customer, days: int, label: float | None
) -> None:
    before = looked_at(customer)

    services.record_churn(Churn(customer=customer, churned_on=DAY + timedelta(days=days)), now=NOW)

    after = looked_at(customer)
    if label is None:  # gone by then: no customer any more
        assert len(after.customers) == 0
    else:
        assert after.leaves_in == pytest.approx([label], nan_ok=True)
        assert set(differing(before, after)) <= {"leaves_in"}
