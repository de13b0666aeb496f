"""Reading scores back: one customer's explained, its history, everybody's on a day."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.db.models import Max

from .explaining import Explanation, RowBefore, explain_row
from .models import HealthScore, ScorecardVersion, ScoringRun

COMPARED_DAYS = 7


def current_day() -> date | None:
    """The newest day on which everybody was scored; without any finished run, the newest score's day."""
    newest = ScoringRun.objects.filter(state=ScoringRun.State.DONE, customers_done__gt=0).aggregate(day=Max("day"))
    return newest["day"] or HealthScore.objects.aggregate(day=Max("day"))["day"]


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
