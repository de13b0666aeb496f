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

    def area(self, weights: Floats | None = None) -> float:
        """The area under the ROC curve; NaN where there is nobody to compare. `weights` are by cluster."""
        stayed = np.ones(len(self._stayed)) if weights is None else weights[self._stayed]
        left = np.ones(len(self._left)) if weights is None else weights[self._left]
        if not len(left) or not len(stayed):
            return float("nan")
        running = self._running(stayed)
        beyond = running[self._end] - (running[self._low] + running[self._high]) / 2
        pairs = (left * (running[self._end] - running[self._start])).sum()
        return float((left * beyond).sum() / pairs) if pairs > 0 else float("nan")

    def _running(self, weights: Floats) -> Floats:
        """The sum of the weights before each place, from the first place on."""
        inner = self._places[:-1]
        if not len(inner):
            return np.zeros(len(self._places))
        return np.concatenate(([0.0], np.cumsum(np.add.reduceat(weights[: self._places[-1]], inner))))


def resample(rankings: Mapping[str, Ranking], clusters: int, *, rounds: int = ROUNDS) -> dict[str, Floats]:
    """The area of each ranking in each of `rounds` drawings of the customers with replacement.

    A customer is drawn with all its months: they are not independent of one another. All rankings see the same
    drawings, so that they may be compared drawing by drawing.
    """
    rng = np.random.default_rng(SEED)
    found = {name: np.empty(rounds) for name in rankings}
    for place in range(rounds):
        weights = np.bincount(rng.integers(0, clusters, clusters), minlength=clusters).astype(np.float64)
        for name, ranking in rankings.items():
            found[name][place] = ranking.area(weights)
    return found


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
