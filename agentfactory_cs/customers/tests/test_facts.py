"""The facts of the customers' own records: each against the plain calculation, and as of a moment in the past."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentfactory_cs.customers import services
from agentfactory_cs.customers.conditions import Condition, FactType, facts
from agentfactory_cs.customers.models import Customer, Interaction, Subscription, Task, UsageDay

from .factories import NOW, YESTERDAY, make_customer, make_goal, make_subscription, make_usage
from .facts import known

pytestmark = pytest.mark.django_db
TODAY = NOW.date()
DAY = timedelta(days=1)
OWN = [fact.key for fact in facts if fact.key.partition(".")[0] in ("customers", "usage")]

USAGE = st.dictionaries(
    st.integers(0, 12),
    st.fixed_dictionaries({name: st.integers(0, 9) for name in ("api_calls", "active_agents", "conversations")}),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(use=USAGE)
def test_use_is_what_the_seven_complete_days_before_today_add_up_to(use: Mapping[int, Mapping[str, int]]) -> None:
    """`use` by how many days back."""
    customer, another = make_customer(), make_customer()
    make_usage(another, until=TODAY, days=9, api_calls=1_000, conversations=1_000, active_agents=1_000)
    UsageDay.objects.bulk_create(
        UsageDay(customer=customer, day=TODAY - back * DAY, **counts) for back, counts in use.items()
    )

    week = [use.get(back, {}) for back in range(1, 8)]
    used = [back for back, counts in use.items() if any(counts.values())]
    assert known("usage.conversations_7d", customer) == sum(day.get("conversations", 0) for day in week)
    assert known("usage.api_calls_7d", customer) == sum(day.get("api_calls", 0) for day in week)
    assert known("usage.active_agents_7d", customer) == max(day.get("active_agents", 0) for day in week)
    assert known("usage.days_since_last_use", customer) == min(used, default=None)


def test_a_past_moment_sees_no_later_use() -> None:
    customer = make_customer()
    make_usage(customer, until=YESTERDAY, days=3, conversations=5)

    assert known("usage.conversations_7d", customer, NOW - 2 * DAY) == 5
    assert known("usage.days_since_last_use", customer, NOW - 2 * DAY) == 0
    assert known("usage.days_since_last_use", customer, NOW - 9 * DAY) is None


def test_revenue_adds_up_what_runs() -> None:
    customer = make_customer()
    make_subscription(customer, mrr=100)
    make_subscription(customer, mrr=Decimal("49.50"))
    make_subscription(customer, mrr=7, ended_on=TODAY)
    make_subscription(customer, mrr=9, starts_on=TODAY + DAY)

    assert known("customers.mrr", customer) == Decimal("149.50")
    assert known("customers.mrr", make_customer()) is None


def test_revenue_in_several_currencies_is_that_of_which_there_is_most() -> None:
    customer = make_customer()
    for mrr, currency in ((100, "USD"), (80, "EUR"), (70, "EUR")):
        make_subscription(customer, mrr=mrr, currency=currency)

    assert known("customers.mrr", customer) == 150


@pytest.mark.parametrize(
    ("statuses", "worst"),
    [
        (["current"], "current"),
        (["current", "past_due"], "past_due"),
        (["unpaid", "current", "past_due"], "unpaid"),
        ([], None),
    ],
)
def test_the_worst_payment_status_is_the_customers(statuses: list[str], worst: str | None) -> None:
    customer = make_customer()
    make_subscription(customer, payment_status="unpaid", ended_on=YESTERDAY)
    for status in statuses:
        make_subscription(customer, payment_status=status)

    assert known("customers.payment_status", customer) == worst


def change(subscription: Subscription, at: datetime, **fields: Any) -> None:
    for name, value in fields.items():
        setattr(subscription, name, value)
    services.save_subscription(subscription, now=at)


def test_revenue_and_payment_of_a_past_moment_are_those_of_then() -> None:
    customer = make_customer()
    subscription = make_subscription(customer, mrr=100)
    change(subscription, NOW - 20 * DAY, mrr=200, payment_status="past_due")
    change(subscription, NOW - 10 * DAY, mrr=300, payment_status="unpaid")

    seen = [
        (
            known("customers.mrr", customer, NOW - days * DAY),
            known("customers.payment_status", customer, NOW - days * DAY),
        )
        for days in (21, 15, 5)
    ]

    assert seen == [(100, "current"), (200, "past_due"), (300, "unpaid")]


@pytest.mark.parametrize(
    ("days", "first", "past_due"), [((40, 9), 9, False), ((-3, 9), -3, True), ((0,), 0, False), ((), None, False)]
)
def test_the_first_renewal_of_what_runs(days: tuple[int, ...], first: int | None, past_due: bool) -> None:
    customer = make_customer()
    make_subscription(customer)
    make_subscription(customer, renews_on=TODAY - 50 * DAY, ended_on=TODAY - 40 * DAY)
    for ahead in days:
        make_subscription(customer, renews_on=TODAY + ahead * DAY)

    assert known("customers.renews_on", customer) == (None if first is None else TODAY + first * DAY)
    assert known("customers.renewal_past_due", customer) is past_due


@pytest.mark.parametrize(
    ("days_ago", "changes", "upgraded"),
    [
        (5, {"mrr": 101}, True),
        (5, {"mrr": 99}, False),
        (5, {"seats": 50}, False),
        (31, {"mrr": 101}, False),
        (5, {"tier": "pro"}, True),
        (5, {"tier": "free"}, False),
        (31, {"tier": "pro"}, False),
    ],
)
def test_an_upgrade_is_a_higher_tier_or_more_revenue_than_thirty_days_before(
    days_ago: int, changes: dict[str, Any], upgraded: bool
) -> None:
    customer = make_customer(tier="starter")
    subscription = make_subscription(customer, mrr=100)

    at = NOW - days_ago * DAY
    if tier := changes.get("tier"):
        customer.tier = tier
        services.save_customer(customer, now=at)
    else:
        change(subscription, at, **changes)

    assert known("customers.upgraded_30d", customer) is upgraded
    assert known("customers.upgraded_30d", customer, at - DAY) is False


def test_a_first_contract_is_no_upgrade_but_a_dearer_one_in_the_place_of_another_is() -> None:
    newcomer, switched = make_customer(), make_customer()
    make_subscription(newcomer, mrr=500, starts_on=TODAY - 3 * DAY)
    make_subscription(switched, mrr=100, ended_on=TODAY - 3 * DAY)
    make_subscription(switched, mrr=500, starts_on=TODAY - 3 * DAY)

    assert known("customers.upgraded_30d", newcomer) is False
    assert known("customers.upgraded_30d", switched) is True


def test_tier_and_stage_of_a_past_moment_are_those_of_then() -> None:
    customer = make_customer(tier="starter")
    customer.tier, customer.lifecycle_stage = "pro", "adoption"
    services.save_customer(customer, now=NOW - 10 * DAY)

    assert [known("customers.tier", customer, at) for at in (NOW, NOW - 11 * DAY)] == ["pro", "starter"]
    assert [known("customers.stage", customer, at) for at in (NOW, NOW - 11 * DAY)] == ["adoption", "onboarding"]


def test_the_last_contact_is_no_note_and_not_to_come() -> None:
    customer = make_customer()
    for kind, at in (
        ("call", datetime(2026, 6, 20, 23, 30, tzinfo=UTC)),
        ("note", NOW - 2 * DAY),
        ("meeting", NOW + 5 * DAY),
    ):
        Interaction.objects.create(customer=customer, kind=kind, subject=kind, held_at=at)

    assert known("customers.last_contact_on", customer) == date(2026, 6, 20)
    assert known("customers.last_contact_on", customer, datetime(2026, 6, 20, 23, tzinfo=UTC)) is None


def test_open_tasks_are_those_nobody_has_finished_by_then() -> None:
    customer = make_customer()
    made, finished = NOW - 9 * DAY, NOW - 4 * DAY
    for fields in ({}, {"status": "done", "finished_at": finished}, {"status": "skipped", "finished_at": finished}):
        Task.objects.create(customer=customer, title="Call", **fields)
    Task.objects.filter(customer=customer).update(created_at=made)

    counts = [known("customers.open_tasks", customer, at) for at in (NOW, finished, finished - DAY, made - DAY)]

    assert counts == [1, 1, 3, 0]


def test_open_goals_are_those_set_and_not_achieved_by_then() -> None:
    customer = make_customer()
    make_goal(customer)
    make_goal(customer, achieved_on=TODAY - 5 * DAY)
    make_goal(customer, set_on=TODAY + DAY)
    make_goal(customer, kind="success_metric")

    counts = [known("customers.goals_open", customer, at) for at in (NOW, NOW - 6 * DAY, NOW - 90 * DAY)]

    assert counts == [1, 2, 0]


ASKED: Mapping[FactType, tuple[str, Any]] = {
    FactType.NUMBER: ("at_least", 1),
    FactType.CHOICE: ("not_in", ["current"]),
    FactType.YES_NO: ("yes", None),
    FactType.DAY: ("within_last", 30),
    FactType.TAGS: ("has", ["pilot"]),
}


@pytest.mark.parametrize("key", OWN)
def test_a_condition_on_a_fact_is_one_query_over_everybody(key: str) -> None:
    fact = facts.get(key)
    operator, value = ASKED[fact.type]
    value = [str(fact.choices()[0][0])] if fact.type is FactType.CHOICE and fact.choices else value
    asked = Condition.from_data({"rows": [{"fact": key, "operator": operator, "value": value}]})
    make_subscription(make_customer())

    with CaptureQueriesContext(connection) as captured:
        list(asked.narrow(Customer.objects.all(), NOW))

    assert len(captured) == 1
