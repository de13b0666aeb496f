"""The statistics of a backtest. Pure: NumPy in, NumPy out, no Django and no clock.

Every predictor is a value of which *less* means more risk, like the score itself. An area under the ROC curve
is then the chance that one who left had a lower value than one who stayed; a tie counts half.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..rules import Bools, Floats, Ints

ROUNDS = 500
SEED = 20_260_101
# So many weights are worked on at a time: they stay in the processor's cache.
AT_ONCE = 250_000
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Measure:
    """An estimate with its bootstrap interval of 95 %."""

    value: float
    low: float
    high: float

    @property
    def is_chance(self) -> bool:
        """Whether an area under the curve cannot be told from tossing a coin."""
        return self.low <= 0.5 <= self.high


class Ranking:
    """One predictor made ready to be judged again and again under other weights of the customers.

    Those who left are compared with those who stayed within the same stratum. Everything is sorted once: under
    weights, what lies beyond one who left is then the difference of two running sums, and these are needed
    only at the places where somebody who left stands.
    """

    def __init__(self, values: Floats, left: Bools, clusters: Ints, strata: Ints | None = None) -> None:
        known = ~np.isnan(values)
        values, left, clusters = values[known], left[known], clusters[known]
        strata = np.zeros(len(values), dtype=np.int64) if strata is None else strata[known]
        distinct, codes = np.unique(values, return_inverse=True)
        width = len(distinct) + 1
        codes = strata * width + codes
        order = np.argsort(codes[~left], kind="stable")
        stayed = codes[~left][order]
        edges = [
            np.searchsorted(stayed, codes[left], "left"),
            np.searchsorted(stayed, codes[left], "right"),
            np.searchsorted(stayed, strata[left] * width, "left"),
            np.searchsorted(stayed, (strata[left] + 1) * width, "left"),
        ]
        self._places, inverse = np.unique(np.concatenate(edges), return_inverse=True)
        self._low, self._high, self._start, self._end = np.split(inverse, 4) if len(inverse) else [inverse] * 4
        self._stayed, self._left = clusters[~left][order], clusters[left]
        self.looks = len(values)
        self._clusters = int(clusters.max()) + 1 if len(clusters) else 0

    def area(self) -> float:
        """The area under the ROC curve; NaN where there is nobody to compare."""
        return float(self.areas(np.ones((1, self._clusters)))[0])

    def areas(self, weights: Floats) -> Floats:
        """The area under each row of `weights`, which are by cluster."""
        if not len(self._left) or not len(self._stayed):
            return np.full(len(weights), np.nan)
        left, running = weights[:, self._left], self._running(weights[:, self._stayed])
        beyond = running[:, self._end] - (running[:, self._low] + running[:, self._high]) / 2
        pairs = (left * (running[:, self._end] - running[:, self._start])).sum(axis=1)
        with np.errstate(invalid="ignore"):
            return np.where(pairs > 0, (left * beyond).sum(axis=1) / pairs, np.nan)

    def _running(self, weights: Floats) -> Floats:
        """The sums of the weights before each place, from the first place on."""
        between = np.zeros((len(weights), len(self._places)))
        if inner := len(self._places) - 1:
            between[:, 1:] = np.add.reduceat(weights[:, : self._places[-1]], self._places[:inner], axis=1)
        return np.cumsum(between, axis=1)


def resample(rankings: Mapping[str, Ranking], clusters: int, *, rounds: int = ROUNDS) -> dict[str, Floats]:
    """The area of each ranking in each of `rounds` drawings of the customers with replacement.

    A customer is drawn with all its months: they are not independent of one another. All rankings see the same
    drawings, so that they may be compared drawing by drawing.
    """
    rng = np.random.default_rng(SEED)
    found = {name: np.empty(rounds) for name in rankings}
    looks = max((ranking.looks for ranking in rankings.values()), default=1)
    at_once = max(min(AT_ONCE // max(looks, clusters, 1), rounds), 1)
    for first in range(0, rounds, at_once):
        weights = _drawn(rng, min(at_once, rounds - first), clusters)
        for name, ranking in rankings.items():
            found[name][first : first + len(weights)] = ranking.areas(weights)
    return found


def _drawn(rng: np.random.Generator, rounds: int, clusters: int) -> Floats:
    """How often each cluster was drawn, a row a round."""
    drawings = rng.integers(0, clusters, (rounds, clusters)) + clusters * np.arange(rounds)[:, None]
    return np.bincount(drawings.ravel(), minlength=rounds * clusters).reshape(rounds, clusters).astype(np.float64)


def measure(value: float, drawings: Floats) -> Measure | None:
    """The value with the interval its drawings span; None where too few of them could be computed."""
    usable = drawings[~np.isnan(drawings)]
    if np.isnan(value) or len(usable) < 0.9 * len(drawings):
        return None
    low, high = np.quantile(usable, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Measure(round(value, 4), round(float(low), 4), round(float(high), 4))


def ranks(values: Floats) -> Floats:
    """Mid-ranks from 0 (lowest) to n − 1: those who tie share the mean of their places."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    middle = last - (counts + 1) / 2
    return np.asarray(middle[inverse], dtype=np.float64)


def in_lowest(values: Floats, share: float) -> Floats:
    """How far each one belongs to the lowest `share`: 1, 0, or between for those who tie at its edge."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    before = np.cumsum(counts) - counts
    belonging: Floats = np.clip((share * len(values) - before) / counts, 0.0, 1.0)
    return belonging[inverse]


def groups_of(days: Ints) -> list[npt.NDArray[np.intp]]:
    """The places of each day, in the order of the days."""
    return [np.flatnonzero(days == day) for day in np.unique(days)]


def lowest_by_day(values: Floats, days: Ints, share: float) -> Floats:
    """`in_lowest`, each day for itself."""
    belonging = np.zeros(len(values))
    for places in groups_of(days):
        belonging[places] = in_lowest(values[places], share)
    return belonging


def tenths(values: Floats) -> Ints:
    """0 (lowest) to 9 by rank; those who tie stay together, so tenths may differ in size."""
    return np.minimum((ranks(values) + 0.5) * 10 // max(len(values), 1), 9).astype(np.int64)


def lead_days(warned: Bools, as_of: Ints, customers: Ints, leaves_in: Floats) -> Floats:
    """For each departure how many days before it a lasting warning began; NaN where none stood at the end.

    A departure is a customer and a date, and `leaves_in` the days until it (NaN where none follows). A warning
    lasts where it stands at every look from its first to the last one before the departure.
    """
    going = np.flatnonzero(~np.isnan(leaves_in))
    if not len(going):
        return np.empty(0)
    departures = as_of[going] + leaves_in[going].astype(np.int64)
    order = np.lexsort((as_of[going], departures, customers[going]))
    keys = np.column_stack((customers[going], departures))[order]
    starts = np.flatnonzero(np.any(np.diff(keys, axis=0) != 0, axis=1)) + 1
    return np.array([_lead(warned[looks], leaves_in[looks]) for looks in np.split(going[order], starts)])


def _lead(warned: Bools, leaves_in: Floats) -> float:
    """Of one departure's looks, oldest first."""
    calm = np.flatnonzero(~warned)
    first = int(calm[-1]) + 1 if len(calm) else 0
    return float(leaves_in[first]) if first < len(warned) else float("nan")
