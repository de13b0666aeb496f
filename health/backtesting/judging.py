"""From a panel to the figures: what the score, its metrics and two trivial rivals told of who left."""

from collections.abc import Iterator
from datetime import date

import numpy as np

from ..metrics import METRICS, TIERS
from ..rules import Bools, Floats
from .areas import Areas, net, tier_key
from .candidate import Candidate
from .figures import groups_of, lead_days, lowest_by_day, tenths
from .replay import Panel
from .result import Caught, Discrimination, Lead, MonthFigures, Result, Rival, Suggestion, Tenth, TierFigures
from .span import Span

WORST_SHARES = (0.1, 0.2)
RIVALS = ("fell", "fall", "age")


def judge(panel: Panel, span: Span, candidate: Candidate, suggestion: Suggestion) -> Result:
    """The figures of a replayed span."""
    scored = panel.take(~np.isnan(panel.scores))
    left = scored.left(span.horizon_days)
    areas = Areas(scored, left)
    worst = lowest_by_day(scored.scores, scored.as_of, WORST_SHARES[-1])
    return Result(
        scorecard=candidate.label,
        since=str(span.since),
        until=str(span.until),
        horizon_days=span.horizon_days,
        looks=len(panel.customers),
        scored=len(scored.customers),
        reliable=int(scored.reliable.sum()),
        coverage=round(float(scored.coverage.mean()), 4) if len(scored.coverage) else 0.0,
        customers=len(np.unique(panel.customers)),
        churners=len(np.unique(scored.customers[left])),
        score=_discrimination("score", areas),
        score_reliable=_discrimination("reliable", areas),
        rivals=[_rival(key, areas) for key in RIVALS],
        caught=[_caught(scored, left, share) for share in WORST_SHARES],
        lead=_lead(scored, worst >= 0.5),
        tenths=list(_tenths(scored.scores, left)),
        tiers=list(_tiers(scored, left, areas)),
        metrics=[_discrimination(metric.key, areas) for metric in METRICS],
        months=list(_months(scored, left, worst)),
        suggestion=suggestion,
    )


def _discrimination(key: str, areas: Areas) -> Discrimination:
    return Discrimination(key, areas.shares[key], areas.measure(key), areas.measure(net(key)))


def _rival(key: str, areas: Areas) -> Rival:
    return Rival(key, areas.measure(key), areas.measure(net(key)), areas.gap("score", key))


def _caught(panel: Panel, left: Bools, share: float) -> Caught:
    belonging = lowest_by_day(panel.scores, panel.as_of, share)
    return Caught(share, round(float(belonging[left].sum()), 2), int(left.sum()))


def _lead(panel: Panel, warned: Bools) -> Lead:
    days = lead_days(warned, panel.as_of, panel.customers, panel.leaves_in)
    seen = days[~np.isnan(days)]
    return Lead(len(seen), len(days), float(np.median(seen)) if len(seen) else None)


def _tenths(scores: Floats, left: Bools) -> Iterator[Tenth]:
    places = tenths(scores)
    for tenth in np.unique(places):
        inside = places == tenth
        found = scores[inside]
        yield Tenth(round(float(found.min()), 1), round(float(found.max()), 1), len(found), int(left[inside].sum()))


def _tiers(panel: Panel, left: Bools, areas: Areas) -> Iterator[TierFigures]:
    for place, tier in enumerate(TIERS):
        inside = panel.tiers == place
        if inside.any():
            churners = len(np.unique(panel.customers[inside & left]))
            yield TierFigures(tier, int(inside.sum()), churners, areas.measure(tier_key(tier)))


def _months(panel: Panel, left: Bools, worst: Floats) -> Iterator[MonthFigures]:
    for looks in groups_of(panel.as_of):
        day = str(date.fromordinal(int(panel.as_of[looks[0]])))
        gone = left[looks]
        yield MonthFigures(day, len(looks), int(gone.sum()), round(float(worst[looks][gone].sum()), 2))
