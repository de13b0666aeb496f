"""Reading scores back: one customer's explained, its history, everybody's on a day."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Avg, Count, F, FilteredRelation, Max, Q, QuerySet
from django.db.models.functions import Floor, Least

from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.queries import in_scope, narrowed

from .explaining import Explanation, StoredScore, explain_row
from .freshness import freshness
from .models import HealthOverride, HealthScore, ScorecardVersion, ScoringRun
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

    `since` is a week before the day unless given; None where there is no score on the day. Four queries.
    """
    row = _row(customer_id, day)
    if row is None:
        return None
    before = _row(customer_id, since or row.day - timedelta(days=COMPARED_DAYS))
    overrides = _overrides([customer_id], [row.day, *([before.day] if before else [])])
    compared = _stored(before, before.version, overrides) if before and before.day != row.day else None
    now = _stored(row, row.version, overrides)
    return explain_row(now, compared, freshness=freshness(customer_id, row.day))


def _row(customer_id: int, day: date | None) -> HealthScore | None:
    rows = HealthScore.objects.filter(customer_id=customer_id).select_related("version__scorecard")
    return rows.filter(day=day).first() if day else rows.order_by("-day").first()


def _overrides(customer_ids: Sequence[int], days: Sequence[date]) -> list[HealthOverride]:
    """Those that cover any day of the span. One query."""
    overrides = HealthOverride.objects.filter(customer_id__in=customer_ids, end_day__gt=F("first_day"))
    return list(overrides.filter(first_day__lte=max(days), end_day__gt=min(days)).order_by("pk"))


def _stored(row: HealthScore, version: ScorecardVersion, overrides: Sequence[HealthOverride]) -> StoredScore:
    in_force = (each for each in overrides if each.customer_id == row.customer_id and each.covers(row.day))
    return StoredScore(row, version, next(in_force, None))


def explain_many(customer_ids: Sequence[int], day: date) -> dict[int, Explanation]:
    """The scores of several customers on a day against a week before, taken apart. Three queries."""
    week_before = day - timedelta(days=COMPARED_DAYS)
    rows = HealthScore.objects.filter(customer_id__in=customer_ids, day__in=(day, week_before))
    by_key = {(row.customer_id, row.day): row for row in rows}
    version_ids = {row.version_id for row in by_key.values()}
    versions = ScorecardVersion.objects.select_related("scorecard").in_bulk(version_ids)
    overrides = defaultdict(list)
    for override in _overrides(customer_ids, (week_before, day)):
        overrides[override.customer_id].append(override)
    stored = {
        (customer_id, on): _stored(row, versions[row.version_id], overrides[customer_id])
        for (customer_id, on), row in by_key.items()
    }
    return {
        customer_id: explain_row(stored[customer_id, day], stored.get((customer_id, week_before)))
        for customer_id in customer_ids
        if (customer_id, day) in stored
    }


def history(customer_id: int, since: date, until: date) -> list[dict[str, Any]]:
    """A customer's scores from `since` to `until`, both included, oldest first: day, total (as
    computed), effective (what counted), the four components, coverage and scorecard version. One query."""
    rows = HealthScore.objects.filter(customer_id=customer_id, day__range=(since, until)).order_by("day")
    columns = ("day", "total", "effective", "usage", "engagement", "outcomes", "relationship", "coverage", "version_id")
    return [dict(row) for row in rows.values(*columns)]


def totals_of_days(customer_ids: Sequence[int], since: date, until: date) -> dict[int, dict[date, float | None]]:
    """The scores that counted (the effective ones) of several customers over a span, for sparklines. One query."""
    found: dict[int, dict[date, float | None]] = {customer_id: {} for customer_id in customer_ids}
    rows = HealthScore.objects.filter(customer_id__in=customer_ids, day__range=(since, until))
    for customer_id, day, effective in rows.values_list("customer_id", "day", "effective"):
        found[customer_id][day] = effective
    return found


def in_band(band: str, prefix: str = "") -> Q:
    """Scores that lie, by what counts (an override before the total), in a band of their scorecard version.

    `prefix` stands before the names effective and version where they are aliases on another table's rows.
    """
    fits = Q(pk__in=[])
    for version in ScorecardVersion.objects.published():
        at_risk = Q(**{f"{prefix}effective__lt": version.card.at_risk_below})
        healthy = Q(**{f"{prefix}effective__gt": version.card.healthy_above})
        inside = {AT_RISK: at_risk, HEALTHY: healthy}.get(band, ~at_risk & ~healthy)
        fits |= Q(**{f"{prefix}version": version.pk, f"{prefix}effective__isnull": False}) & inside
    return fits


def provisional(prefix: str = "") -> Q:
    """Scores that had too little data for the scorecard version they were made with; `prefix` as in in_band.

    One set by hand is a person's judgement and needs no data; it shows in the total not being what counts.
    """
    fits = Q(pk__in=[])
    for version in ScorecardVersion.objects.published():
        fits |= Q(**{f"{prefix}version": version.pk, f"{prefix}coverage__lt": version.card.provisional_below})
    return fits & Q(**{f"{prefix}effective": F(f"{prefix}total")})


@dataclass(frozen=True)
class Shape:
    """Everybody's effective scores on a day: how many have one, their mean, and how many are at risk and healthy."""

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
        scored=Count("effective"),
        everybody=Count("day"),
        average=Avg("effective"),
        at_risk=Count("effective", filter=in_band(AT_RISK)),
        healthy=Count("effective", filter=in_band(HEALTHY)),
    )
    return Shape(day, row["scored"], row["everybody"] - row["scored"], row["average"], row["at_risk"], row["healthy"])


def histogram(day: date, filters: Mapping[str, str]) -> list[int]:
    """How many effective scores lie in each tenth from 0 to 100; 100 itself counts in the last."""
    tenth = Least(Floor(F("effective") / 10.0), 9.0)
    scored = _scores_on(day, filters).filter(effective__isnull=False)
    rows = scored.values(tenth=tenth).annotate(scores=Count("effective"))
    found = {int(row["tenth"]): row["scores"] for row in rows}
    return [found.get(place, 0) for place in range(10)]


def falls(day: date, filters: Mapping[str, str], limit: int) -> Sequence[tuple[Customer, Explanation]]:
    """The customers whose effective score fell most in the week to `day`, with why; provisional scores are left out."""

    def on(which: date) -> FilteredRelation:
        return FilteredRelation("health_scores", condition=Q(health_scores__day=which))

    fallen = (
        in_scope(filters)
        .alias(now=on(day), before=on(day - timedelta(days=COMPARED_DAYS)))
        .alias(change=F("now__effective") - F("before__effective"))
        .alias(
            total=F("now__total"),
            effective=F("now__effective"),
            coverage=F("now__coverage"),
            version=F("now__version"),
        )
        .filter(~provisional(), change__lt=0)
        .select_related("success_manager")
        .order_by("change", "pk")
    )
    customers = list(fallen[:limit])
    explained = explain_many([customer.pk for customer in customers], day)
    return [(customer, explained[customer.pk]) for customer in customers if customer.pk in explained]
