"""The arithmetic of the health score. Pure: NumPy in, NumPy out, no Django and no clock.

One row per customer; the columns of a reading are `metrics.METRICS`, NaN where there is no data. The
formulas are those of docs/health.md.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from .metrics import COMPONENTS, KEYS, PER_COMPONENT, PLACE, SIGNAL_BIT, TIERS

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

AT_RISK, STEADY, HEALTHY = "at_risk", "steady", "healthy"
BAND_LABELS = {AT_RISK: "at risk", STEADY: "steady", HEALTHY: "healthy"}


# Beyond these nothing is measured, and arithmetic would run over.
LARGEST = 1e12

# What a metric without data does: its weight goes to the others, or it counts as so many points.
REDISTRIBUTE, NEUTRAL, ZERO = "redistribute", "neutral", "zero"
POINTS_WITHOUT_DATA = {REDISTRIBUTE: math.nan, NEUTRAL: 50.0, ZERO: 0.0}


class BadDefinition(ValueError):
    """A scorecard's definition that cannot be used; the message is "place: reason"."""

    @property
    def place(self) -> str:
        """Where in the definition, such as metrics.nps.best.pro; empty where it is about the whole."""
        return str(self).partition(": ")[0]


@dataclass(frozen=True)
class Limit:
    """A knock-out rule: the total is never above `at_most` while a signal is on, or a reading lies below
    `below` or above `above`. Of `signal` and `metric` one is given; a reading without data meets no condition.
    """

    at_most: float
    signal: str | None = None
    metric: str | None = None
    below: float = -math.inf
    above: float = math.inf

    @classmethod
    def from_definition(cls, given: Any, place: str) -> "Limit":
        """Raises BadDefinition naming what is wrong."""
        if not isinstance(given, Mapping) or not set(given) <= {"at_most", "signal", "metric", "below", "above"}:
            raise BadDefinition(f"{place}: must hold at_most, and a signal, or a metric with below or above.")
        at_most = _number(given.get("at_most"), f"{place}.at_most")
        if not 0 <= at_most <= 100:
            raise BadDefinition(f"{place}.at_most: must be 0 to 100, not {at_most:g}.")
        signal, metric = given.get("signal"), given.get("metric")
        if (signal is None) == (metric is None):
            raise BadDefinition(f"{place}: must name a signal or a metric, one of them.")
        if signal is not None:
            if "below" in given or "above" in given:
                raise BadDefinition(f"{place}: a signal is on or off; below and above go with a metric.")
            return cls(at_most, signal=_known(signal, SIGNAL_BIT, f"{place}.signal"))
        if ("below" in given) == ("above" in given):
            raise BadDefinition(f"{place}: must say below or above which reading, one of them.")
        return cls(
            at_most,
            metric=_known(metric, PLACE, f"{place}.metric"),
            below=_number(given.get("below", cls.below), f"{place}.below", finite="below" in given),
            above=_number(given.get("above", cls.above), f"{place}.above", finite="above" in given),
        )

    def holds(self, readings: Floats, signals: Ints) -> Bools:
        """For which of n customers its condition is met."""
        if self.signal is not None:
            return (signals & SIGNAL_BIT[self.signal]) > 0
        column = readings[:, PLACE[self.metric or ""]]
        return (column < self.below) | (column > self.above)  # NaN is neither


@dataclass(frozen=True)
class Card:
    """A scorecard version made ready for arithmetic.

    `component_weights` (4) and `metric_weights` (16, summing to 1 in each component) are shares; `worst` and
    `best` (tiers × 16) are the readings worth 0 and 100 points, NaN where a metric does not count for a tier.
    `without_data` (16) is what a metric without data counts as, NaN where its weight goes to the others.
    """

    component_weights: Floats
    metric_weights: Floats
    worst: Floats
    best: Floats
    at_risk_below: float
    healthy_above: float
    provisional_below: float
    without_data: Floats
    limits: tuple[Limit, ...] = ()

    @classmethod
    def from_definition(cls, definition: Mapping[str, Any]) -> "Card":
        """Raises BadDefinition naming what is wrong."""
        components = _weights(definition, "components", COMPONENTS)
        metrics = _mapping(definition, "metrics", KEYS)
        for key in KEYS:
            if not isinstance(metrics[key], Mapping):
                raise BadDefinition(f"metrics.{key}: must hold weight, worst and best, not {metrics[key]!r}.")
        weights = np.array([_number(metrics[key].get("weight"), f"metrics.{key}.weight") for key in KEYS])
        sums = weights.reshape(-1, PER_COMPONENT).sum(axis=1)
        if (weights < 0).any() or (sums <= 0).any():
            raise BadDefinition("metrics: weights must not be negative, nor all zero within a component.")
        at_risk_below, healthy_above = _bands(definition)
        return cls(
            component_weights=components,
            metric_weights=weights / np.repeat(sums, PER_COMPONENT),
            worst=_ends(metrics, "worst"),
            best=_best(metrics),
            at_risk_below=at_risk_below,
            healthy_above=healthy_above,
            provisional_below=_share(definition.get("provisional_below"), "provisional_below"),
            without_data=np.array([_without_data(metrics[key], key) for key in KEYS]),
            limits=_limits(definition),
        )

    def band(self, total: float) -> str:
        if total < self.at_risk_below:
            return AT_RISK
        return HEALTHY if total > self.healthy_above else STEADY

    def whole(self, total: float) -> int:
        """The whole number to show for a total: the nearest one that lies in the same band, so that 49.6 is
        not shown as "50, at risk"."""
        nearest = math.floor(total + 0.5)
        if self.band(nearest) == self.band(total):
            return nearest
        return math.floor(total) if nearest > total else math.ceil(total)

    def is_provisional(self, coverage: float) -> bool:
        return coverage < self.provisional_below


def _mapping(definition: Mapping[str, Any], name: str, keys: Sequence[str]) -> Mapping[str, Any]:
    found = definition.get(name)
    if not isinstance(found, Mapping) or set(found) != set(keys):
        raise BadDefinition(f"{name}: must name exactly {', '.join(keys)}.")
    return found


def _bands(definition: Mapping[str, Any]) -> tuple[float, float]:
    bands = _mapping(definition, "bands", ("at_risk_below", "healthy_above"))
    at_risk_below = _number(bands["at_risk_below"], "bands.at_risk_below")
    healthy_above = _number(bands["healthy_above"], "bands.healthy_above")
    if not 0 <= at_risk_below <= healthy_above <= 100:
        raise BadDefinition("bands: must be 0 ≤ at_risk_below ≤ healthy_above ≤ 100.")
    return at_risk_below, healthy_above


def _number(value: Any, place: str, *, finite: bool = True) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise BadDefinition(f"{place}: must be a number, not {value!r}.")
    if finite and abs(value) > LARGEST:
        raise BadDefinition(f"{place}: must lie between −{LARGEST:,.0f} and {LARGEST:,.0f}.")
    return float(value)


def _share(value: Any, place: str) -> float:
    share = _number(value, place)
    if not 0 <= share <= 1:
        raise BadDefinition(f"{place}: must be 0 to 1, not {share:g}.")
    return share


def _known(value: Any, names: Mapping[str, Any], place: str) -> str:
    if not isinstance(value, str) or value not in names:
        raise BadDefinition(f"{place}: must be one of {', '.join(names)}, not {value!r}.")
    return value


def _without_data(metric: Mapping[str, Any], key: str) -> float:
    policy = metric.get("missing", REDISTRIBUTE)
    return POINTS_WITHOUT_DATA[_known(policy, POINTS_WITHOUT_DATA, f"metrics.{key}.missing")]


def _limits(definition: Mapping[str, Any]) -> tuple[Limit, ...]:
    given = definition.get("limits", [])
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise BadDefinition(f"limits: must be a list, not {given!r}.")
    return tuple(Limit.from_definition(limit, f"limits.{place}") for place, limit in enumerate(given))


def _weights(definition: Mapping[str, Any], name: str, keys: Sequence[str]) -> Floats:
    found = _mapping(definition, name, keys)
    weights = np.array([_number(found[key], f"{name}.{key}") for key in keys])
    if (weights < 0).any() or abs(weights.sum() - 1) > 1e-9:
        raise BadDefinition(f"{name}: weights must not be negative and must sum to 1.")
    return weights


def _ends(metrics: Mapping[str, Any], end: str) -> Floats:
    """One end of every metric's scale, tiers × metrics; None in a definition means "does not count"."""
    ends = np.full((len(TIERS), len(KEYS)), np.nan)
    for place, key in enumerate(KEYS):
        value = metrics[key].get(end)
        for row, tier in enumerate(TIERS):
            for_tier = value.get(tier) if isinstance(value, Mapping) else value
            if for_tier is not None:
                ends[row, place] = _number(for_tier, f"metrics.{key}.{end}.{tier}")
    return ends


def _best(metrics: Mapping[str, Any]) -> Floats:
    best, worst = _ends(metrics, "best"), _ends(metrics, "worst")
    if (alone := np.isnan(worst) & ~np.isnan(best)).any():
        tier, place = np.argwhere(alone)[0]
        raise BadDefinition(f"metrics.{KEYS[place]}.worst.{TIERS[tier]}: must be given where best is.")
    if (best == worst).any():
        key = KEYS[int(np.argwhere(best == worst)[0][1])]
        raise BadDefinition(f"metrics.{key}: worst and best must differ.")
    return best


@dataclass(frozen=True)
class Deck:
    """The card of each tier, stacked: row t of every array belongs to TIERS[t]."""

    component_weights: Floats
    metric_weights: Floats
    worst: Floats
    best: Floats
    without_data: Floats
    limits: tuple[tuple[Limit, ...], ...]

    @classmethod
    def of(cls, cards: Mapping[str, Card]) -> "Deck":
        stack = [cards[tier] for tier in TIERS]
        return cls(
            component_weights=np.array([card.component_weights for card in stack]),
            metric_weights=np.array([card.metric_weights for card in stack]),
            worst=np.array([card.worst[row] for row, card in enumerate(stack)]),
            best=np.array([card.best[row] for row, card in enumerate(stack)]),
            without_data=np.array([card.without_data for card in stack]),
            limits=tuple(card.limits for card in stack),
        )


@dataclass(frozen=True)
class Scores:
    """Scores of n customers. NaN stands for no data.

    `contributions` (n × 16) sum to `sums` (n); `totals` are those held under the limits that apply, `ceilings`
    (100 where none does). `weights` are the effective ones, after the weight of what is missing was shared out.
    """

    totals: Floats
    sums: Floats
    ceilings: Floats
    components: Floats
    coverage: Floats
    points: Floats
    weights: Floats
    contributions: Floats

    def of(self, chosen: Bools) -> "Scores":
        """Of some of the customers only."""
        return Scores(**{each.name: getattr(self, each.name)[chosen] for each in fields(self)})


def score(readings: Floats, tiers: Ints, deck: Deck, signals: Ints) -> Scores:
    """Score n customers: `readings` is n × 16, `tiers` holds each one's place in TIERS, `signals` its SIGNALS as bits.

    A missing metric's weight goes to the others of its component in proportion, unless the scorecard gives it
    points; an empty component's weight goes to the other components.
    """
    worst, best = deck.worst[tiers], deck.best[tiers]
    points = np.clip((readings - worst) / (best - worst), 0.0, 1.0) * 100.0
    has_data, counts = ~np.isnan(points), ~np.isnan(best)
    points = np.where(~has_data & counts, deck.without_data[tiers], points)
    full = deck.metric_weights[tiers]
    present = full * ~np.isnan(points)

    sums = _by_component(present)
    with np.errstate(invalid="ignore"):
        components = _by_component(present * np.nan_to_num(points)) / sums
        component_weights = deck.component_weights[tiers] * (sums > 0)
        component_weights = component_weights / component_weights.sum(axis=1, keepdims=True)
        shares = np.nan_to_num(component_weights / sums)
    weights = present * np.repeat(shares, PER_COMPONENT, axis=1)
    contributions = weights * np.nan_to_num(points)
    totals = np.clip(np.where(weights.sum(axis=1) > 0, contributions.sum(axis=1), np.nan), 0.0, 100.0)
    ceilings = _ceilings(readings, signals, tiers, deck)
    return Scores(
        totals=np.minimum(totals, ceilings),
        sums=totals,
        ceilings=ceilings,
        components=components,
        coverage=_coverage(full, has_data, counts, deck.component_weights[tiers]),
        points=points,
        weights=weights,
        contributions=contributions,
    )


def _ceilings(readings: Floats, signals: Ints, tiers: Ints, deck: Deck) -> Floats:
    """The lowest limit that applies to each customer."""
    ceilings = np.full(len(tiers), 100.0)
    for tier, limits in enumerate(deck.limits):
        for limit in limits:
            held = (tiers == tier) & limit.holds(readings, signals)
            ceilings[held] = np.minimum(ceilings[held], limit.at_most)
    return ceilings


def _by_component(values: Floats) -> Floats:
    return values.reshape(len(values), len(COMPONENTS), PER_COMPONENT).sum(axis=2)


def _coverage(full: Floats, has_data: Bools, counts: Bools, component_weights: Floats) -> Floats:
    """Share of the weight that had data; a metric that does not count for the tier is no part of either."""
    each = full * np.repeat(component_weights, PER_COMPONENT, axis=1)
    with np.errstate(invalid="ignore"):
        shares = (each * has_data).sum(axis=1) / (each * counts).sum(axis=1)
    return np.clip(np.nan_to_num(shares), 0.0, 1.0)
