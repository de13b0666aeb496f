"""Why a score moved between two days, by metric and cause. Pure: no Django, no clock.

From the earlier facts to the later in steps, each measured with everything else held still, so that the steps sum
to the whole: first the later scorecard and tier over the earlier facts; then the data that came or went; then the
readings and signals themselves. What the limits took or gave back in a step belongs to that step.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..rules import Card, Floats
from .ledger import Facts, Ledger, ledgers

BEHAVIOUR, MISSING, SCORECARD, OVERRIDE = "behaviour", "missing", "scorecard", "override"
# In the order in which people read them.
CAUSES = (BEHAVIOUR, MISSING, SCORECARD, OVERRIDE)
# The causes in the order of the steps.
_STEPS = (SCORECARD, MISSING, BEHAVIOUR)


@dataclass(frozen=True)
class Split:
    """The change of a score in points: of each metric (16), of the limits and of the override, by cause."""

    by_metric: dict[str, Floats]
    by_limits: dict[str, float]
    by_override: float

    def of(self, cause: str) -> float:
        """What one cause did to the effective score."""
        if cause == OVERRIDE:
            return self.by_override
        return float(self.by_metric[cause].sum()) + self.by_limits[cause]

    @property
    def shown(self) -> dict[str, float]:
        """The causes rounded to a tenth of a point, as people read them: they sum to the rounded change."""
        return in_tenths({cause: self.of(cause) for cause in CAUSES})

    @property
    def limits(self) -> float:
        """What the limits took (negative) or gave back in all."""
        return sum(self.by_limits.values())

    @property
    def total(self) -> float:
        """The change of the effective score."""
        return sum(self.of(cause) for cause in CAUSES)


def in_tenths(parts: Mapping[str, float]) -> dict[str, float]:
    """Parts rounded to a tenth so that they sum to their rounded sum: each is rounded down, and those that lost
    most by it are rounded up instead, as in the sharing out of seats."""
    down = {name: math.floor(part * 10) for name, part in parts.items()}
    short = round(sum(parts.values()) * 10) - sum(down.values())
    lost_most = sorted(parts, key=lambda name: down[name] - parts[name] * 10)
    up = set(lost_most[:short])
    return {name: (tenths + (name in up)) / 10 for name, tenths in down.items()}


@dataclass(frozen=True)
class Side:
    """One end of a comparison: the facts of a day, and the scorecard they were scored with."""

    facts: Facts
    card: Card


Stages = tuple[Ledger, Ledger, Ledger, Ledger]


def steps(before: Side, after: Side) -> Stages:
    """The ledgers from the earlier score to the later: as it was, under the later scorecard and tier, with the
    later day's presence of data, and as it is."""
    old, new = before.facts, after.facts
    # What both days know keeps its earlier reading; what is new takes the later one.
    known = np.where(np.isnan(old.readings), new.readings, old.readings)
    known = np.where(np.isnan(new.readings), np.nan, known)
    [first] = ledgers(before.card, [old])
    rescored, partly, last = ledgers(
        after.card,
        [Facts(old.readings, new.tier, old.signals), Facts(known, new.tier, old.signals), new],
    )
    return first, rescored, partly, last


def split(stages: Stages, effective_before: float, effective_after: float) -> Split:
    """The change along the stages; the effective scores are the computed ones, or the overrides in force."""
    pairs = dict(zip(_STEPS, pairwise(stages), strict=True))
    return Split(
        by_metric={cause: later.contributions - earlier.contributions for cause, (earlier, later) in pairs.items()},
        by_limits={cause: later.limited_by - earlier.limited_by for cause, (earlier, later) in pairs.items()},
        by_override=by_hand(stages[-1], effective_after) - by_hand(stages[0], effective_before),
    )


def by_hand(ledger: Ledger, effective: float) -> float:
    """What an override adds to the computed total; the whole of it where nothing could be computed."""
    return effective - (0.0 if np.isnan(ledger.total) else ledger.total)
