"""A score in the frame's dress."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext as _now

from agentfactory_cs.console.charts import Line, line
from agentfactory_cs.console.chips import Mood, ScoreChip

from ..explaining import Explanation
from ..rules import AT_RISK, HEALTHY, STEADY, Card
from ..switches import Switch

MOODS: Mapping[str, Mood] = {AT_RISK: "bad", STEADY: "plain", HEALTHY: "good"}
SPARK_DAYS = 90


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


def bands_of(card: Card | None) -> Sequence[tuple[float, float, str]]:
    """The stripes behind a picture of scores: where customers are at risk, and where they are healthy."""
    return () if card is None else ((0.0, card.at_risk_below, "bad"), (card.healthy_above, 100.0, "good"))


def spark(
    totals: Mapping[date, float | None], until: date, card: Card | None = None, switched: Sequence[Switch] = ()
) -> Line | None:
    """The last 90 days; a tick where another scorecard version took over."""
    days = days_back(until, SPARK_DAYS)
    marks = [days.index(switch.day) for switch in switched if switch.day in days]
    return line([totals.get(day) for day in days], low=0, high=100, bands=bands_of(card), marks=marks)


def spark_words(switched: Sequence[Switch]) -> str:
    """What a small picture shows, for those who hover over it or cannot see it."""
    return "\n".join([_now("Score, 90 days"), *map(switch_words, switched)])


def switch_words(switch: Switch) -> str:
    """ "Standard v2 since June 3, 2026: why." """
    told = {"version": switch.version, "day": date_format(switch.day, "DATE_FORMAT"), "reason": switch.version.reason}
    return _now("%(version)s since %(day)s: %(reason)s") % told
