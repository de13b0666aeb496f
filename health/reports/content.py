"""What a weekly report says: frozen figures and sentences, kept as JSON.

A kept report is read back by `read` whatever has changed since: names, owners, scorecards and bands are those of the
day it was made. SCHEMA counts the changes of shape; a field that is added needs a default, so that old reports
still read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal

import msgspec

from ..precision import FEWEST_LABELS
from ..rules import AT_RISK, HEALTHY, STEADY

SCHEMA = 1
BANDS = (AT_RISK, STEADY, HEALTHY)
# Where a customer came from, and went to, beside the bands.
NEW, NO_DATA, LEFT = "new", "no_data", "left"

# Monthly revenue by currency.
Revenue = Mapping[str, Decimal]


@dataclass(frozen=True)
class Standing:
    """A book's scores on one day. `average` is 0 to 100; `coverage` the mean share of the weight that had data,
    0 to 1; `tenths` counts the scores from 0 to 10, 10 to 20 and so on."""

    day: date
    scored: int
    unscored: int
    provisional: int
    average: float | None
    at_risk: int
    healthy: int
    coverage: float | None
    tenths: Sequence[int]

    @property
    def steady(self) -> int:
        return self.scored - self.at_risk - self.healthy

    @property
    def customers(self) -> int:
        return self.scored + self.unscored

    def in_band(self, band: str) -> int:
        return {AT_RISK: self.at_risk, STEADY: self.steady, HEALTHY: self.healthy}[band]

    def share(self, band: str) -> float:
        """Per cent of the scored customers."""
        return 100 * self.in_band(band) / self.scored if self.scored else 0.0


@dataclass(frozen=True)
class Flow:
    """How many customers were in `origin` a week before and are in `target` now: a band, no_data, new or left."""

    origin: str
    target: str
    customers: int


@dataclass(frozen=True)
class Point:
    """One week of the trend."""

    day: date
    scored: int
    average: float | None
    at_risk: int
    healthy: int

    @property
    def at_risk_share(self) -> float | None:
        """Per cent."""
        return 100 * self.at_risk / self.scored if self.scored else None


@dataclass(frozen=True)
class Named:
    """A customer the report names. `score` and `before` are whole numbers as people see them, `change` is exact."""

    customer_id: int
    name: str
    tier: str
    owner: str
    score: int
    before: int | None
    change: float | None
    band: str
    provisional: bool
    revenue: Revenue
    sentences: Sequence[str]


@dataclass(frozen=True)
class AtRiskRevenue:
    """Monthly revenue of the customers at risk in a currency, a week before, and of all customers."""

    currency: str
    at_risk: Decimal
    before: Decimal | None
    everybody: Decimal


@dataclass(frozen=True)
class Renewals:
    """Contracts of customers at risk that renew within so many days of the report's day."""

    within_days: int
    contracts: int
    revenue: Revenue


@dataclass(frozen=True)
class Renewal:
    """One of them."""

    customer_id: int
    name: str
    owner: str
    renews_on: date
    score: int
    currency: str
    mrr: Decimal


@dataclass(frozen=True)
class Alerts:
    """Alerts of a kind: raised in the week, open when the report was made, and what those raised in the last
    `labelled_days` turned out to be."""

    kind: str
    label: str
    raised: int
    open: int
    useful: int
    noise: int
    known: int
    labelled_days: int

    @property
    def precision(self) -> float | None:
        """Per cent useful of those labelled useful or noise (what was known already is neither); None where those
        are fewer than FEWEST_LABELS."""
        judged = self.useful + self.noise
        return 100 * self.useful / judged if judged >= FEWEST_LABELS else None


@dataclass(frozen=True)
class Measure:
    """A key figure an app registered, over the week, and over the week before."""

    key: str
    label: str
    definition: str
    unit: str
    value: float | None
    before: float | None
    decimals: int
    better: Literal["higher", "lower"]

    @property
    def change(self) -> float | None:
        if self.value is None or self.before is None:
            return None
        return round(self.value - self.before, self.decimals)


@dataclass(frozen=True)
class Content:
    """One report. `owner` is empty for the whole book; `nothing` says why, where there are no figures."""

    week: date
    owner: str = ""
    nothing: str = ""
    standing: Standing | None = None
    before: Standing | None = None
    sentences: Sequence[str] = ()
    flows: Sequence[Flow] = ()
    trend: Sequence[Point] = ()
    new_at_risk: Sequence[Named] = ()
    recovered: Sequence[Named] = ()
    falls: Sequence[Named] = ()
    rises: Sequence[Named] = ()
    revenue: Sequence[AtRiskRevenue] = ()
    renewals: Sequence[Renewals] = ()
    renewing: Sequence[Renewal] = ()
    alerts: Sequence[Alerts] = ()
    measures: Sequence[Measure] = ()
    schema: int = field(default=SCHEMA)

    def moved(self, origins: Sequence[str], targets: Sequence[str]) -> int:
        """How many went from any of the origins to any of the targets."""
        return sum(flow.customers for flow in self.flows if flow.origin in origins and flow.target in targets)


def write(content: Content) -> dict[str, Any]:
    """As JSON: days as YYYY-MM-DD, amounts as strings."""
    return msgspec.to_builtins(content)


def read(stored: Mapping[str, Any]) -> Content:
    """Raises msgspec.ValidationError naming the place where stored JSON is no report."""
    return msgspec.convert(stored, Content)
