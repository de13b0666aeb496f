"""Reading scores back: one customer's explained, its history, everybody's on a day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Avg, Count, F, FilteredRelation, Max, Q, QuerySet
from django.db.models.functions import Floor, Least

from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.queries import in_scope, narrowed

from .explaining import Explanation, RowBefore, explain_row
from .models import HealthScore, ScorecardVersion, ScoringRun
from .rules import AT_RISK, HEALTHY

COMPARED_DAYS = 7


def current_day(until: date | None = None) -> date | None:
    """The newest day, up to `until` where given, on which everybody was scored; without any finished run,
    the newest score's day."""
    runs = ScoringRun.objects.filter(state=ScoringRun.State.DONE, customers_done__gt=0)
    scores = HealthScore.objects.all()
    if until:
        runs, scores = runs.filter(day__lte=until), scores.filter(day__lte=until)
    return runs.aggregate(day=Max("day"))["day"] or scores.aggregate(day=Max("day"))["day"]


def explain_now(customer_id: int) -> Explanation | None:
    """A customer's latest score taken apart; None where it has left, or everybody has been scored since."""
    if not Customer.objects.active().filter(pk=customer_id).exists():
        return None
    explanation, newest = explain(customer_id), current_day()
    return explanation if explanation and newest and explanation.day >= newest else None


def explain(customer_id: int, day: date | None = None, *, since: date | None = None) -> Explanation | None:
    """A customer's score of a day (its latest unless given), taken apart and compared with `since`.

    `since` is a week before the day unless given; None where there is no score on the day. Two queries.
    """
    row = _row(customer_id, day)
    if row is None:
        return None
    before = _row(customer_id, since or row.day - timedelta(days=COMPARED_DAYS))
    if before is None or before.day == row.day:
        return explain_row(row, row.version)
    return explain_row(row, row.version, RowBefore(before, before.version))


def _row(customer_id: int, day: date | None) -> HealthScore | None:
    rows = HealthScore.objects.filter(customer_id=customer_id).select_related("version__scorecard")
    return rows.filter(day=day).first() if day else rows.order_by("-day").first()


def explain_many(customer_ids: Sequence[int], day: date) -> dict[int, Explanation]:
    """The scores of several customers on a day against a week before, taken apart. Two queries."""
    week_before = day - timedelta(days=COMPARED_DAYS)
    rows = HealthScore.objects.filter(customer_id__in=customer_ids, day__in=(day, week_before))
    by_key = {(row.customer_id, row.day): row for row in rows}
    version_ids = {row.version_id for row in by_key.values()}
    versions = ScorecardVersion.objects.select_related("scorecard").in_bulk(version_ids)
    explained = {}
    for customer_id in customer_ids:
        if row := by_key.get((customer_id, day)):
            earlier = by_key.get((customer_id, week_before))
            before = RowBefore(earlier, versions[earlier.version_id]) if earlier else None
            explained[customer_id] = explain_row(row, versions[row.version_id], before)
    return explained


def history(customer_id: int, since: date, until: date) -> list[dict[str, Any]]:
    """A customer's scores from `since` to `until`, both included, oldest first: day, total, the four
    components, coverage and scorecard version. One query."""
    rows = HealthScore.objects.filter(customer_id=customer_id, day__range=(since, until)).order_by("day")
    columns = ("day", "total", "usage", "engagement", "outcomes", "relationship", "coverage", "version_id")
    return [dict(row) for row in rows.values(*columns)]


def totals_of_days(customer_ids: Sequence[int], since: date, until: date) -> dict[int, dict[date, float | None]]:
    """The totals of several customers over a span, for sparklines. One query."""
    found: dict[int, dict[date, float | None]] = {customer_id: {} for customer_id in customer_ids}
    rows = HealthScore.objects.filter(customer_id__in=customer_ids, day__range=(since, until))
    for customer_id, day, total in rows.values_list("customer_id", "day", "total"):
        found[customer_id][day] = total
    return found


def in_band(band: str, prefix: str = "") -> Q:
    """Scores that lie in a band of the scorecard version they were made with.

    `prefix` stands before the names total and version where they are aliases on another table's rows.
    """
    fits = Q(pk__in=[])
    for version in ScorecardVersion.objects.published():
        at_risk = Q(**{f"{prefix}total__lt": version.card.at_risk_below})
        healthy = Q(**{f"{prefix}total__gt": version.card.healthy_above})
        inside = {AT_RISK: at_risk, HEALTHY: healthy}.get(band, ~at_risk & ~healthy)
        fits |= Q(**{f"{prefix}version": version.pk, f"{prefix}total__isnull": False}) & inside
    return fits


def provisional(prefix: str = "") -> Q:
    """Scores that had too little data for the scorecard version they were made with; `prefix` as in in_band."""
    fits = Q(pk__in=[])
    for version in ScorecardVersion.objects.published():
        fits |= Q(**{f"{prefix}version": version.pk, f"{prefix}coverage__lt": version.card.provisional_below})
    return fits


@dataclass(frozen=True)
class Shape:
    """Everybody's scores on a day: how many have one, their mean, and how many are at risk and healthy."""

    day: date
    scored: int
    unscored: int
    average: float | None
    at_risk: int
    healthy: int

    @property
    def steady(self) -> int:
        return self.scored - self.at_risk - self.healthy


def _scores_on(day: date, filters: Mapping[str, str]) -> QuerySet[HealthScore]:
    """Who had left by then has no score, and who left since had one: so the filters alone narrow it."""
    scores = HealthScore.objects.filter(day=day)
    return scores.filter(customer__in=narrowed(Customer.objects.all(), filters)) if filters else scores


def shape(until: date, filters: Mapping[str, str]) -> Shape | None:
    """As of the newest day scored up to `until`, of the customers the filters leave; None before the first."""
    day = current_day(until)
    if day is None:
        return None
    row = _scores_on(day, filters).aggregate(
        scored=Count("total"),
        everybody=Count("day"),
        average=Avg("total"),
        at_risk=Count("total", filter=in_band(AT_RISK)),
        healthy=Count("total", filter=in_band(HEALTHY)),
    )
    return Shape(day, row["scored"], row["everybody"] - row["scored"], row["average"], row["at_risk"], row["healthy"])


def histogram(day: date, filters: Mapping[str, str]) -> list[int]:
    """How many scores lie in each tenth from 0 to 100; 100 itself counts in the last."""
    tenth = Least(Floor(F("total") / 10.0), 9.0)
    rows = _scores_on(day, filters).filter(total__isnull=False).values(tenth=tenth).annotate(scores=Count("total"))
    found = {int(row["tenth"]): row["scores"] for row in rows}
    return [found.get(place, 0) for place in range(10)]


def falls(day: date, filters: Mapping[str, str], limit: int) -> Sequence[tuple[Customer, Explanation]]:
    """The customers whose score fell most in the week to `day`, with why; provisional scores are left out."""

    def on(which: date) -> FilteredRelation:
        return FilteredRelation("health_scores", condition=Q(health_scores__day=which))

    fallen = (
        in_scope(filters)
        .alias(now=on(day), before=on(day - timedelta(days=COMPARED_DAYS)))
        .alias(change=F("now__total") - F("before__total"))
        .alias(coverage=F("now__coverage"), version=F("now__version"))
        .filter(~provisional(), change__lt=0)
        .select_related("success_manager")
        .order_by("change", "pk")
    )
    customers = list(fallen[:limit])
    explained = explain_many([customer.pk for customer in customers], day)
    return [(customer, explained[customer.pk]) for customer in customers if customer.pk in explained]
