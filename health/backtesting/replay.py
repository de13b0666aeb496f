"""Looking back: everybody as of each month end, scored with what was known then, and who left afterwards.

Readings and scores come from the very code of the daily run; nothing is stored. What was known then ends with
the day itself; only the label, whether the customer left within the horizon, looks beyond it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from datetime import date, timedelta

import numpy as np
from django.db import connection

from ..readings import Selection, connected_sources
from ..rules import Bools, Floats, Ints
from ..scoring import Scored, compute
from .candidate import Candidate
from .span import Span

CHUNK_CUSTOMERS = 20_000

_RANGES = """
SELECT min(id), max(id)
FROM (SELECT id, (row_number() OVER (ORDER BY id) - 1) / %s AS chunk FROM customers_customer) numbered
GROUP BY chunk ORDER BY chunk"""

# Beside the readings: age, the next departure within sight, and use in the last 28 days and in the 28 before.
_BESIDE = """
SELECT c.id, %(day)s - (c.signed_up_at AT TIME ZONE 'UTC')::date,
    (SELECT min(gone.churned_on) - %(day)s FROM customers_churn gone
     WHERE gone.customer_id = c.id AND gone.churned_on > %(day)s AND gone.churned_on <= %(last)s),
    (SELECT sum(u.api_calls) FROM customers_usageday u
     WHERE u.customer_id = c.id AND u.day BETWEEN %(day)s - 27 AND %(day)s),
    (SELECT sum(u.api_calls) FROM customers_usageday u
     WHERE u.customer_id = c.id AND u.day BETWEEN %(day)s - 55 AND %(day)s - 28)
FROM customers_customer c WHERE {who} ORDER BY c.id"""


@dataclass(frozen=True)
class Panel:
    """One row a customer and month end at which it was a customer.

    `customers` numbers the customers from 0, `as_of` is the day (its ordinal), `leaves_in` the days until the
    next departure within sight (NaN: none), `fall` the share by which use fell against the 28 days before (0
    where there was none), `reliable` whether the score was not provisional. Scores and points are NaN without data.
    """

    customers: Ints
    as_of: Ints
    tiers: Ints
    age_days: Ints
    leaves_in: Floats
    fall: Floats
    scores: Floats
    coverage: Floats
    reliable: Bools
    points: Floats
    readings: Floats
    signals: Ints

    def take(self, rows: Bools | Ints) -> "Panel":
        return Panel(*(getattr(self, field.name)[rows] for field in fields(self)))

    def left(self, horizon_days: int) -> Bools:
        """Who left within the horizon of the day."""
        return self.leaves_in <= horizon_days  # NaN is not

    @property
    def clusters(self) -> int:
        return int(self.customers.max()) + 1 if len(self.customers) else 0


def replay(span: Span, candidate: Candidate, *, after_day: Callable[[int], None] = lambda done: None) -> Panel:
    """The panel of a span; `after_day` is told how many month ends are done."""
    pieces, last = [], span.until + timedelta(days=span.horizon_days)
    for done, day in enumerate(span.days(), start=1):
        connected = connected_sources(day)
        pieces += [as_of(selection, day, last, candidate, connected=connected) for selection in selections()]
        after_day(done)
    whole = Panel(*(np.concatenate([getattr(piece, field.name) for piece in pieces]) for field in fields(Panel)))
    return _numbered(whole.take(np.isin(whole.tiers, candidate.tiers)))


def as_of(
    selection: Selection, day: date, last: date, candidate: Candidate, *, connected: frozenset[str] | None = None
) -> Panel:
    """The rows of one day, `customers` being ids; departures count until `last`. A fixed number of statements."""
    connected = connected_sources(day) if connected is None else connected
    scored = compute(selection, day, connected=connected, cards=candidate.cards)
    beside = _beside(selection, day, last, scored.readings.customer_ids)
    return _piece(day, scored, beside, candidate)


def selections() -> Iterator[Selection]:
    """All customers, in pieces that fit into memory."""
    with connection.cursor() as cursor:
        cursor.execute(_RANGES, [CHUNK_CUSTOMERS])
        ranges = cursor.fetchall()
    yield from (Selection(first, final) for first, final in ranges or [(0, 0)])


def _beside(selection: Selection, day: date, last: date, ids: Ints) -> Floats:
    with connection.cursor() as cursor:
        cursor.execute(selection.narrow(_BESIDE), {**selection.parameters(day), "last": last})
        rows = np.array(cursor.fetchall(), dtype=np.float64).reshape(-1, 5)
    return rows[np.searchsorted(rows[:, 0], ids)]


def _piece(day: date, scored: Scored, beside: Floats, candidate: Candidate) -> Panel:
    readings, scores = scored.readings, scored.scores
    used, before = np.nan_to_num(beside[:, 3]), np.nan_to_num(beside[:, 4])
    fall = np.where(before > 0, 1 - used / np.maximum(before, 1), 0.0)
    return Panel(
        customers=readings.customer_ids,
        as_of=np.full(len(readings.customer_ids), day.toordinal()),
        tiers=readings.tiers,
        age_days=beside[:, 1].astype(np.int64),
        leaves_in=beside[:, 2],
        fall=fall,
        scores=scores.totals,
        coverage=scores.coverage,
        reliable=scores.coverage >= candidate.provisional_below[readings.tiers],
        points=scores.points,
        readings=readings.values,
        signals=readings.signals,
    )


def _numbered(panel: Panel) -> Panel:
    _, numbers = np.unique(panel.customers, return_inverse=True)
    return Panel(**{**{field.name: getattr(panel, field.name) for field in fields(panel)}, "customers": numbers})
