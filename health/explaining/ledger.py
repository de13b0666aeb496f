"""The arithmetic of one score, point by point. Pure: no Django, no clock."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..metrics import TIERS
from ..rules import Card, Deck, Floats, Limit, score


@dataclass(frozen=True)
class Facts:
    """What a score is made from besides its scorecard: 16 readings (NaN without data), a place in TIERS, and
    SIGNALS as bits."""

    readings: Floats
    tier: int
    signals: int


@dataclass(frozen=True)
class Holding:
    """A limit whose condition is met, and the points (0 or below) by which it lowers the total."""

    limit: Limit
    points: float


@dataclass(frozen=True)
class Ledger:
    """One score taken apart: 16 of each, 4 components, NaN where there is no data.

    `contributions` and the points of `limits` sum to `total`, which is NaN without any data.
    """

    facts: Facts
    card: Card
    points: Floats
    weights: Floats
    contributions: Floats
    components: Floats
    limits: tuple[Holding, ...]
    total: float

    @property
    def limited_by(self) -> float:
        """The points of all limits together, 0 or below."""
        return sum(holding.points for holding in self.limits)

    @property
    def worst(self) -> Floats:
        return self.card.worst[self.facts.tier]

    @property
    def best(self) -> Floats:
        """The readings worth 100 points; NaN where a metric does not count for the tier."""
        return self.card.best[self.facts.tier]


def ledgers(card: Card, facts: Sequence[Facts]) -> list[Ledger]:
    """The ledgers of several sets of facts under one scorecard, in one pass of the scoring arithmetic."""
    readings = np.array([each.readings for each in facts], dtype=np.float64)
    tiers, signals = np.array([each.tier for each in facts]), np.array([each.signals for each in facts])
    scores = score(readings, tiers, Deck.of(dict.fromkeys(TIERS, card)), signals)
    return [
        Ledger(
            facts=each,
            card=card,
            points=scores.points[row],
            weights=scores.weights[row],
            contributions=scores.contributions[row],
            components=scores.components[row],
            limits=_holding(card, each, float(scores.sums[row])),
            total=float(scores.totals[row]),
        )
        for row, each in enumerate(facts)
    ]


def _holding(card: Card, facts: Facts, level: float) -> tuple[Holding, ...]:
    """The limits whose condition is met, the loosest first: each takes what lies above it of what the ones before
    left, so that their points sum to the whole. Without a score there is nothing to limit."""
    found = []
    readings, signals = facts.readings[None, :], np.array([facts.signals])
    for limit in sorted(card.limits, key=lambda limit: -limit.at_most):
        if not np.isnan(level) and limit.holds(readings, signals)[0]:
            found.append(Holding(limit, min(level, limit.at_most) - level))
            level = min(level, limit.at_most)
    return tuple(found)
