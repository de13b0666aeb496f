"""What a customer is measured by once onboarding is over: goals of kind success metric, with targets from its use.

A metric's reading is its use in the seven days that ended yesterday (UTC). Readings go on by themselves once a
week, for as long as the goal keeps its title and is not achieved.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Sum

from agentfactory_cs.customers.days import utc_day
from agentfactory_cs.customers.models import Customer, Goal, GoalReading, UsageDay
from agentfactory_cs.customers.services import record_reading, save_goal
from agentfactory_cs.events.services import Actor

from . import rules

WINDOW_DAYS = 7
# A target is to be reached within a quarter of a year of onboarding's end.
DUE_DAYS = 90
BATCH = 5_000


@dataclass(frozen=True)
class Measure:
    """One success metric: how it is read from UsageDay, and what full use of each tier is (as health's scorecard
    is shipped, docs/onboarding.md)."""

    title: str
    unit: str
    column: str
    is_mean: bool
    full: Mapping[str, float]

    def of_week(self, total: int) -> float:
        return round(total / WINDOW_DAYS, 2) if self.is_mean else float(total)


CONVERSATIONS = Measure(
    "Conversations a week",
    "conversations a week",
    "conversations",
    False,
    {"free": 5, "starter": 50, "pro": 500, "enterprise": 2_500},
)
AGENTS = Measure(
    "Active agents",
    "agents a day, on average of a week",
    "active_agents",
    True,
    {"free": 1, "starter": 3, "pro": 10, "enterprise": 25},
)
MEASURES = (CONVERSATIONS, AGENTS)


@transaction.atomic
def set_up(customer: Customer, *, by: Actor = None, now: datetime) -> list[Goal]:
    """Set the success metrics that the customer does not have yet, each with its first reading; those that were set."""
    Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
    metrics = Goal.objects.filter(customer=customer, kind=Goal.Kind.SUCCESS_METRIC)
    there = set(metrics.values_list("title", flat=True))
    return [_set(customer, measure, by=by, now=now) for measure in MEASURES if measure.title not in there]


def _set(customer: Customer, measure: Measure, *, by: Actor, now: datetime) -> Goal:
    yesterday = utc_day(now) - timedelta(days=1)
    current = _readings(measure, [customer.pk], yesterday).get(customer.pk, 0.0)
    goal = Goal(
        customer=customer,
        kind=Goal.Kind.SUCCESS_METRIC,
        title=measure.title,
        unit=measure.unit,
        start_value=current,
        target_value=rules.target_of(current, measure.full[customer.tier]),
        set_on=utc_day(now),
        due_on=utc_day(now) + timedelta(days=DUE_DAYS),
    )
    save_goal(goal, by=by, now=now)
    record_reading(goal, value=current, on=yesterday, by=by, now=now)
    return goal


def _readings(measure: Measure, customer_ids: Collection[int], until: date) -> dict[int, float]:
    """By customer, of the week that ends with `until`; without a row where there was no use."""
    days = UsageDay.objects.filter(customer__in=customer_ids, day__gt=until - timedelta(days=WINDOW_DAYS))
    totals = days.filter(day__lte=until).order_by().values_list("customer").annotate(total=Sum(measure.column))
    return {customer_id: measure.of_week(total) for customer_id, total in totals}


def read_all(*, now: datetime) -> int:
    """Read every success metric that was set here and is not achieved, as of yesterday; how many were read."""
    return sum(_read(measure, utc_day(now) - timedelta(days=1), now=now) for measure in MEASURES)


def _read(measure: Measure, until: date, *, now: datetime) -> int:
    goals = Goal.objects.filter(kind=Goal.Kind.SUCCESS_METRIC, title=measure.title, unit=measure.unit)
    ids = list(goals.filter(achieved_on=None, set_on__lte=until).order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), BATCH):
        _read_batch(measure, ids[start : start + BATCH], until, now=now)
    return len(ids)


@transaction.atomic
def _read_batch(measure: Measure, ids: Sequence[int], until: date, *, now: datetime) -> None:
    goals = list(Goal.objects.filter(pk__in=ids).select_related("customer"))
    values = _readings(measure, [goal.customer_id for goal in goals], until)
    read = [(goal, values.get(goal.customer_id, 0.0)) for goal in goals]
    GoalReading.objects.bulk_create(
        (GoalReading(goal=goal, read_on=until, value=value) for goal, value in read if not goal.reached_by(value)),
        update_conflicts=True,
        unique_fields=("goal", "read_on"),
        update_fields=("value",),
    )
    # Few at a time, and each is told of on the timeline.
    for goal, value in read:
        if goal.reached_by(value):
            record_reading(goal, value=value, on=until, now=now)
