"""Whether everybody moved at once: how far the middle score may move in a day. No Django here.

Customers rise and fall one by one; a day on which the middle one jumps says more about the data than about
them. What is usual is learned from the days before, by median and median absolute deviation, so that a
jump of last week does not make the next one look usual.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import median

# Runs looked back on, and how many of them it takes to know what is usual.
RUNS = 28
LEAST_RUNS = 7
# Customers that must have a score on both days: among fewer the middle one moves by chance.
LEAST_CUSTOMERS = 10
# Points. A book in which nobody moved for weeks must not hold its alerts for a tenth of a point.
LEAST_SPREAD = 0.5
# Makes the median absolute deviation of normally distributed figures their standard deviation.
_TO_STANDARD_DEVIATION = 1.4826


@dataclass(frozen=True)
class Usual:
    """How the middle score moves, in points: its median change, the spread around that, the median size."""

    change: float
    spread: float
    size: float

    def is_left_by(self, change: float, spreads: float, days: int = 1) -> bool:
        """Whether a change over so many days lies beyond `spreads` times what is usual.

        Steps of single days add up; their spread grows with the root of their number.
        """
        return abs(change - self.change * days) > spreads * self.spread * sqrt(days)


def usual(changes: Sequence[float]) -> Usual | None:
    """What is usual after these daily changes; None where they are too few to tell."""
    if len(changes) < LEAST_RUNS:
        return None
    middle = median(changes)
    spread = _TO_STANDARD_DEVIATION * median(abs(change - middle) for change in changes)
    return Usual(middle, max(spread, LEAST_SPREAD), median(map(abs, changes)))
