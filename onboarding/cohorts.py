"""How onboarding goes over time: what became of those who signed up in a week or month, and how soon value came.

The exact definitions of the key figures are in docs/onboarding.md. A moment belongs to its day in UTC.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal, TypeVar

from django.db.models import (
    Aggregate,
    Avg,
    Count,
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    Model,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import TruncMonth, TruncWeek

from agentfactory_cs.customers.days import end_of_day, start_of_day
from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.queries import narrowed

from . import rules
from .models import Milestone, Onboarding, StuckPeriod
from .models.onboarding import OnboardingState

Span = Literal["week", "month", "whole"]
# The milestones a cohort is followed through, in the order in which customers reach them.
MILESTONES: Sequence[tuple[str, str]] = tuple((key, rules.title_of(key)) for key in rules.KNOWN)
Row = TypeVar("Row", bound=Model)
_DAY = timedelta(days=1)
# The bars of the distribution: days from signup to the first agent, from the first up to below the second.
_EDGES: Sequence[tuple[int, int | None]] = (
    *((day, day + 1) for day in range(7)),
    (7, 10),
    (10, 14),
    (14, 21),
    (21, 30),
    (30, None),
)


class Median(Aggregate):
    """Half of the values lie below it; between the middle two where their number is even."""

    function = "percentile_cont"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"


def _took(until: str, since: str) -> ExpressionWrapper:
    return ExpressionWrapper(F(until) - F(since), DurationField())


def _days(took: timedelta | None) -> float | None:
    return None if took is None else took / _DAY


def _within(field: str, since: date, until: date) -> Q:
    """Moments on the days from `since` to `until`, both included."""
    return Q(**{f"{field}__gte": start_of_day(since), f"{field}__lt": end_of_day(until)})


def _narrowed(rows: QuerySet[Row], filters: Mapping[str, str], customer: str = "customer") -> QuerySet[Row]:
    return rows.filter(**{f"{customer}__in": narrowed(Customer.objects.all(), filters)}) if filters else rows


@dataclass(frozen=True)
class Cohort:
    """Those whose onboarding began in the week or month that begins with `begins`, as they stand now.

    `reached` counts customers by milestone. `days_to_value` is the median from signup to the first agent, of those
    that have one; `days_to_completion` the median from beginning to completion.
    """

    begins: date
    started: int
    running: int
    completed: int
    ended: int
    days_to_completion: float | None
    reached: Mapping[str, int]
    days_to_value: float | None

    def share(self, number: int) -> float:
        """In percent of those that began."""
        return 100 * number / self.started


def cohorts(by: Span, since: date, until: date, filters: Mapping[str, str]) -> list[Cohort]:
    """The newest first; weeks begin on Monday; "whole" takes the whole period as one. Two queries."""
    began = _narrowed(Onboarding.objects.filter(_within("started_at", since, until)), filters)
    cohort = began.order_by().annotate(begins=_beginning(by, since)).values("begins")
    reached = _reached(cohort)
    return [
        _cohort(row, reached[row["begins"]])
        for row in cohort.annotate(
            started=Count("pk"),
            **{state.value: Count("pk", filter=Q(state=state)) for state in OnboardingState},
            took=Median(_took("ended_at", "started_at"), filter=Q(state=OnboardingState.COMPLETED)),
        ).order_by("-begins")
    ]


def _beginning(by: Span, since: date) -> Any:
    if by == "whole":
        return Value(start_of_day(since), DateTimeField())
    return (TruncWeek if by == "week" else TruncMonth)("started_at", tzinfo=UTC)


_Reached = Mapping[str, tuple[int, timedelta | None]]


def _reached(cohort: QuerySet[Any, Any]) -> Mapping[datetime, _Reached]:
    """By cohort and milestone: how many reached it, and the median time from signup."""
    found: dict[datetime, dict[str, tuple[int, timedelta | None]]] = defaultdict(dict)
    key = "customer__milestones__key"
    took = Median(_took("customer__milestones__reached_at", "customer__signed_up_at"))
    for row in cohort.filter(**{f"{key}__in": rules.KNOWN}).values("begins", key).annotate(n=Count("pk"), took=took):
        found[row["begins"]][row[key]] = (row["n"], row["took"])
    return found


def _cohort(row: Mapping[str, Any], reached: _Reached) -> Cohort:
    _n, to_value = reached.get(rules.FIRST_AGENT, (0, None))
    return Cohort(
        begins=row["begins"].date(),
        started=row["started"],
        running=row["running"],
        completed=row["completed"],
        ended=row["ended"],
        days_to_completion=_days(row["took"]),
        reached={key: n for key, (n, _took) in reached.items()},
        days_to_value=_days(to_value),
    )


@dataclass(frozen=True)
class Bar:
    """So many customers needed from `since` to below `until` days; None: there is no end."""

    since: int
    until: int | None
    number: int


@dataclass(frozen=True)
class TimeToValue:
    """Days from signup to the first agent of those whose first agent came within a period."""

    number: int
    mean: float | None
    median: float | None
    bars: Sequence[Bar]


def time_to_value(since: date, until: date, filters: Mapping[str, str]) -> TimeToValue:
    """One query."""
    first = Milestone.objects.filter(_within("reached_at", since, until), key=rules.FIRST_AGENT)
    rows = _narrowed(first, filters).annotate(took=_took("reached_at", "customer__signed_up_at"))
    bars = {f"bar_{start}": Count("pk", filter=_between(start, end)) for start, end in _EDGES}
    row = rows.aggregate(number=Count("pk"), mean=Avg("took"), median=Median("took"), **bars)
    return TimeToValue(
        row["number"],
        _days(row["mean"]),
        _days(row["median"]),
        [Bar(start, end, row[f"bar_{start}"]) for start, end in _EDGES],
    )


def _between(start: int, end: int | None) -> Q:
    above = Q(took__gte=start * _DAY)
    return above if end is None else above & Q(took__lt=end * _DAY)


@dataclass(frozen=True)
class Completion:
    """Of the onboardings that began within a period, those completed by its end."""

    started: int
    completed: int

    @property
    def rate(self) -> float | None:
        """In percent; None where none began."""
        return 100 * self.completed / self.started if self.started else None


def completion(since: date, until: date, filters: Mapping[str, str]) -> Completion:
    """One query."""
    began = _narrowed(Onboarding.objects.filter(_within("started_at", since, until)), filters)
    done = Q(state=OnboardingState.COMPLETED, ended_at__lt=end_of_day(until))
    return Completion(**began.aggregate(started=Count("pk"), completed=Count("pk", filter=done)))


def stuck_on(day: date, filters: Mapping[str, str]) -> int:
    """How many were stuck, and known to be, at the end of a day. One query."""
    there = Q(ended_at__isnull=True) | Q(ended_at__gte=end_of_day(day))
    periods = StuckPeriod.objects.filter(there, noticed_at__lt=end_of_day(day))
    return _narrowed(periods, filters, "onboarding__customer").count()
