"""What a scorecard would make of today's customers, before anybody publishes it.

Computed from the readings stored with the newest scored day, not from the facts: a fixed number of queries
and NumPy, whatever the number of customers. Before and after are both computed, by the versions in force and
by the one proposed, so that what is shown is due to the scorecard alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
from django.db import connection

from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.queries import contracts

from .copying import copy_out
from .metrics import KEYS, TIERS
from .models import Scorecard, ScorecardVersion
from .queries import current_day
from .rules import AT_RISK, HEALTHY, STEADY, Bools, Card, Floats, Ints, score
from .scoring import Cards

# How many of those that change band are named.
NAMED = 50
BANDS = (AT_RISK, STEADY, HEALTHY)

_READINGS = [f"r{place}" for place in range(len(KEYS))]
_KINDS = {"customer": "i8", "tier": "i2", "signals": "i2", "by_hand": "f4", **dict.fromkeys(_READINGS, "f4")}
_FIGURES = ", ".join(f"coalesce(readings[{place + 1}], 'NaN')" for place in range(len(KEYS)))
# What is set by hand counts whatever the scorecard says: a score that differs from its total.
_BY_HAND = "CASE WHEN effective IS DISTINCT FROM total THEN effective ELSE 'NaN' END::real"
_STORED = f"""
SELECT customer_id, tier, signals, {_BY_HAND}, {_FIGURES}
FROM health_healthscore WHERE day = %s ORDER BY customer_id"""
_BY_REVENUE = """
SELECT changed.id FROM unnest(%s::bigint[]) AS changed(id) LEFT JOIN (
    SELECT customer_id, sum(mrr) AS revenue FROM customers_subscription
    WHERE starts_on <= %s AND (ended_on IS NULL OR ended_on > %s) GROUP BY customer_id
) contract ON contract.customer_id = changed.id
ORDER BY contract.revenue DESC NULLS LAST, changed.id LIMIT %s"""


@dataclass(frozen=True)
class Distribution:
    """Scores of one set of customers: their number by tenth (100 in the last) and by band, and their mean."""

    tenths: Sequence[int]
    bands: Mapping[str, int]
    average: float | None


@dataclass(frozen=True)
class Move:
    """So many customers would go from one band to another."""

    before: str
    after: str
    customers: int


@dataclass(frozen=True)
class Changed:
    """A customer that would change band: the whole numbers people see, and its monthly revenue by currency."""

    customer: Customer
    before: int
    after: int
    band_before: str
    band_after: str
    revenue: Mapping[str, Decimal]


@dataclass(frozen=True)
class Preview:
    """Of the customers the proposed version would score: how their scores lie before and after.

    `customers` counts those with a score, `without_data` those without; `tiers` says whom it would score,
    `elsewhere` how many customers other scorecards keep. `changed` names at most NAMED, by revenue.
    """

    day: date
    tiers: Sequence[str]
    customers: int
    without_data: int
    elsewhere: int
    before: Distribution
    after: Distribution
    moves: Sequence[Move]
    changed: Sequence[Changed]

    @property
    def changing(self) -> int:
        """How many customers would change band."""
        return sum(move.customers for move in self.moves)


def preview(scorecard: Scorecard, definition: Mapping[str, Any], *, on: date | None = None) -> Preview | None:
    """What a definition, as the scorecard's version in force, would make of a scored day (the newest unless
    given); None before the first score. Raises BadDefinition."""
    day = current_day(on)
    if day is None:
        return None
    version = ScorecardVersion(scorecard=scorecard, definition=definition)
    proposed = Cards.with_version(version)
    places = proposed.tiers_of(version)
    everybody = _stored(day)
    ours = everybody.of(np.isin(everybody.tiers, places))
    before, after = ours.judged(Cards.in_force()), ours.judged(proposed)
    known = ~np.isnan(after.scores)
    return Preview(
        day=day,
        tiers=[TIERS[place] for place in places],
        customers=int(known.sum()),
        without_data=int((~known).sum()),
        elsewhere=len(everybody.customers) - len(ours.customers),
        before=_distribution(before),
        after=_distribution(after),
        moves=_moves(before, after),
        changed=_changed(ours, before, after, day),
    )


@dataclass(frozen=True)
class _Judged:
    """Scores with the place of their band in BANDS, -1 where there is no score, and the card of each tier."""

    scores: Floats
    bands: Ints
    cards: Sequence[Card]

    def whole(self, row: int, tier: int) -> int:
        """The number people see."""
        return self.cards[tier].whole(float(self.scores[row]))


@dataclass(frozen=True)
class _Stored:
    """What is stored of a day; `by_hand` is NaN where the score counts as computed."""

    customers: Ints
    tiers: Ints
    signals: Ints
    by_hand: Floats
    readings: Floats

    def of(self, chosen: Bools) -> "_Stored":
        return _Stored(**{each.name: getattr(self, each.name)[chosen] for each in fields(self)})

    def judged(self, cards: Cards) -> _Judged:
        computed = score(self.readings, self.tiers, cards.deck, self.signals).totals
        # As they would be stored: a score of 49.999999 is one of 50.
        computed = computed.astype(np.float32).astype(np.float64)
        scores = np.where(np.isnan(self.by_hand), computed, self.by_hand)
        by_tier = [cards.versions[tier].card for tier in TIERS]
        low = np.array([card.at_risk_below for card in by_tier])[self.tiers]
        high = np.array([card.healthy_above for card in by_tier])[self.tiers]
        bands = np.where(scores < low, 0, np.where(scores > high, 2, 1))
        return _Judged(scores, np.where(np.isnan(scores), -1, bands), by_tier)


def _stored(day: date) -> _Stored:
    with connection.cursor() as cursor:
        found = copy_out(cursor, cursor.mogrify(_STORED, [day]).decode(), _KINDS)
    readings = np.column_stack([found[name] for name in _READINGS]).astype(np.float64)
    tiers, signals = found["tier"].astype(np.int64), found["signals"].astype(np.int64)
    return _Stored(found["customer"], tiers, signals, found["by_hand"].astype(np.float64), readings)


def _distribution(judged: _Judged) -> Distribution:
    known = judged.scores[~np.isnan(judged.scores)]
    tenths = np.bincount(np.minimum(known // 10, 9).astype(np.int64), minlength=10)
    counts = {band: int((judged.bands == place).sum()) for place, band in enumerate(BANDS)}
    return Distribution(tenths.tolist(), counts, float(known.mean()) if len(known) else None)


def _differ(before: _Judged, after: _Judged) -> Bools:
    differ: Bools = (before.bands != after.bands) & (before.bands >= 0) & (after.bands >= 0)
    return differ


def _moves(before: _Judged, after: _Judged) -> list[Move]:
    """The largest first."""
    changed = _differ(before, after)
    pairs = np.bincount(3 * before.bands[changed] + after.bands[changed], minlength=9)
    moves = [Move(BANDS[pair // 3], BANDS[pair % 3], int(count)) for pair, count in enumerate(pairs) if count]
    return sorted(moves, key=lambda move: -move.customers)


def _changed(ours: _Stored, before: _Judged, after: _Judged, day: date) -> list[Changed]:
    rows = np.flatnonzero(_differ(before, after))
    row_of = dict(zip(ours.customers[rows].tolist(), rows.tolist(), strict=True))
    with connection.cursor() as cursor:
        cursor.execute(_BY_REVENUE, [list(row_of), day, day, NAMED])
        ids = [customer_id for (customer_id,) in cursor.fetchall()]
    tier_of = ours.tiers.tolist()
    customers = Customer.objects.select_related("success_manager").in_bulk(ids)
    running = contracts(ids, day)
    return [
        Changed(
            customer=customers[customer_id],
            before=before.whole(row, tier_of[row]),
            after=after.whole(row, tier_of[row]),
            band_before=BANDS[before.bands[row]],
            band_after=BANDS[after.bands[row]],
            revenue=running[customer_id].mrr if customer_id in running else {},
        )
        for customer_id in ids
        for row in (row_of[customer_id],)
    ]
