"""Means of many figures with intervals of 95 %, and how far two are apart. No Django.

Source: B. L. Welch, Biometrika 34 (1947) 28, means of unequal variances; with the normal quantile instead of Student's,
which below 20 figures is too narrow by more than a twentieth: of fewer nothing is said.
"""

from dataclasses import dataclass
from math import sqrt

from .proportions import Z95, Estimate


@dataclass(frozen=True)
class Mean:
    """The mean of so many figures, and their variance (of a sample)."""

    size: int = 0
    value: float = 0.0
    variance: float = 0.0

    @property
    def error(self) -> float:
        """The standard error of the mean; that of nobody is 0."""
        return sqrt(self.variance / self.size) if self.size else 0.0


def estimate(mean: Mean) -> Estimate | None:
    """The mean with its interval; None of fewer than two."""
    if mean.size < 2:
        return None
    return Estimate(mean.value, mean.value - Z95 * mean.error, mean.value + Z95 * mean.error)


def gap(one: Mean, other: Mean) -> Estimate | None:
    """How far the one lies above the other, with its interval; None where either is of fewer than two."""
    if min(one.size, other.size) < 2:
        return None
    value, half = one.value - other.value, Z95 * sqrt(one.error**2 + other.error**2)
    return Estimate(value, value - half, value + half)
