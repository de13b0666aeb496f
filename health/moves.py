"""How the middle customer's score moved between two days, read from what is stored."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from .models import ScorecardVersion, ScoringRun
from .shifts import LEAST_CUSTOMERS, RUNS, Usual, usual

# Like is compared with like: scores by the same scorecard version, with enough data on both days.
_MEDIAN_CHANGE = """
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY (now.total - before.total)::float8)
        FILTER (WHERE now.version_id = before.version_id),
    count(*) FILTER (WHERE now.version_id = before.version_id),
    count(*)
FROM health_healthscore now
JOIN health_healthscore before ON before.customer_id = now.customer_id AND before.day = %(since)s
JOIN unnest(%(versions)s::bigint[], %(least)s::float8[]) AS enough(version_id, coverage)
    ON enough.version_id = now.version_id
JOIN unnest(%(versions)s::bigint[], %(least)s::float8[]) AS enough_before(version_id, coverage)
    ON enough_before.version_id = before.version_id
WHERE now.day = %(day)s AND now.total IS NOT NULL AND before.total IS NOT NULL
  AND now.coverage >= enough.coverage AND before.coverage >= enough_before.coverage"""


@dataclass(frozen=True)
class Move:
    """The median change of the computed scores from one day to another, in points.

    `compared` customers had a score to be trusted on both days, by the same scorecard version; `others` had one by
    different versions. `median` is None where fewer were compared than it takes.
    """

    since: date
    day: date
    median: float | None
    compared: int
    others: int

    def leaves(self, expected: Usual | None, spreads: float) -> bool:
        """Whether it lies beyond what is usual; not where either is unknown."""
        if self.median is None or expected is None:
            return False
        return expected.is_left_by(self.median, spreads, (self.day - self.since).days)

    def sentence(self, expected: Usual) -> str:
        """The figures as people read them; only where there is a median."""
        change = self.median or 0
        words = _(
            "The middle customer's score %(moved)s %(points).1f points from %(since)s to %(day)s; "
            "usually it moves %(usual).1f in a day."
        )
        return words % {
            "moved": _("fell") if change < 0 else _("rose"),
            "points": abs(change),
            "since": date_format(self.since),
            "day": date_format(self.day),
            "usual": expected.size,
        }

    @property
    def why_not_compared(self) -> str:
        """Why there is no median although there are scores; empty where there is one, or nothing to compare."""
        if self.median is not None or not self.others:
            return ""
        words = _(
            "Another scorecard version took over: the scores of %(n)s customers are not compared with the day before."
        )
        return words % {"n": f"{self.others:,}"}


def move(since: date, day: date) -> Move:
    """From `since` to `day`. Two statements, one of them over the scores."""
    least = {version.pk: version.card.provisional_below for version in ScorecardVersion.objects.published()}
    values: dict[str, Any] = {"day": day, "since": since, "versions": list(least), "least": list(least.values())}
    with connection.cursor() as cursor:
        cursor.execute(_MEDIAN_CHANGE, values)
        median, compared, everybody = cursor.fetchone()
    return Move(since, day, median if compared >= LEAST_CUSTOMERS else None, compared, everybody - compared)


def usual_before(day: date) -> Usual | None:
    """How the middle score moved from day to day in the runs before a day; None where those are too few."""
    runs = ScoringRun.objects.filter(state=ScoringRun.State.DONE, day__lt=day, median_change__isnull=False)
    newest_of_each = runs.order_by("-day", "-id").distinct("day").values_list("median_change", flat=True)
    return usual([change for change in newest_of_each[:RUNS] if change is not None])
