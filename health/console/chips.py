"""A score in the frame's dress."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from agentfactory_cs.console.charts import Line, line
from agentfactory_cs.console.chips import Mood, ScoreChip

from ..explaining import Explanation
from ..rules import AT_RISK, HEALTHY, STEADY

MOODS: Mapping[str, Mood] = {AT_RISK: "bad", STEADY: "plain", HEALTHY: "good"}
SPARK_DAYS = 90
# Where the bands begin on the shipped scorecard; behind a small picture that is near enough.
BANDS = ((0.0, 50.0, "bad"), (80.0, 100.0, "good"))


def chip_of(explanation: Explanation | None) -> ScoreChip:
    if explanation is None or explanation.shown is None:
        return ScoreChip(None)
    return ScoreChip(
        explanation.shown,
        explanation.band_label,
        MOODS[explanation.band or STEADY],
        explanation.change,
        explanation.coverage,
        explanation.provisional,
        explanation.computed_shown,
    )


def days_back(until: date, count: int) -> Sequence[date]:
    """`count` days up to `until`, oldest first."""
    return [until - timedelta(days=back) for back in reversed(range(count))]


def spark(totals: Mapping[date, float | None], until: date) -> Line | None:
    points = [totals.get(day) for day in days_back(until, SPARK_DAYS)]
    return line(points, low=0, high=100, bands=BANDS)
