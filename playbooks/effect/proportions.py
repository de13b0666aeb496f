"""Shares of small numbers, honestly: intervals of 95 % and how many it takes to tell two shares apart. No Django.

Sources: E. B. Wilson, J. Am. Stat. Assoc. 22 (1927) 209, the score interval; R. G. Newcombe, Statistics in Medicine 17
(1998) 873, method 10, the difference of two shares from their score intervals; J. L. Fleiss, B. Levin, M. C. Paik,
Statistical Methods for Rates and Proportions, 3rd ed. (2003), 4.2, sample sizes of unequal arms.
"""

from dataclasses import dataclass
from math import ceil, inf, sqrt

# Of the standard normal distribution: 95 % two-sided, and a chance of 80 % to see what is there.
Z95 = 1.959963984540054
Z80 = 0.8416212335729143


@dataclass(frozen=True)
class Estimate:
    """A figure and the interval of 95 % around it."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Arm:
    """So many of so many reached something."""

    reached: int
    size: int

    @property
    def share(self) -> float:
        return self.reached / self.size if self.size else 0.0


def wilson(arm: Arm) -> Estimate | None:
    """The share with its score interval; None of nobody."""
    if not arm.size:
        return None
    share, square = arm.share, Z95 * Z95
    middle = (share + square / (2 * arm.size)) / (1 + square / arm.size)
    half = Z95 / (1 + square / arm.size) * sqrt(share * (1 - share) / arm.size + square / (4 * arm.size**2))
    # At the ends the formula is exact, floating point is not.
    return Estimate(share, 0.0 if not arm.reached else middle - half, 1.0 if arm.reached == arm.size else middle + half)


def difference(treated: Arm, control: Arm) -> Estimate | None:
    """The treated share less the control share, with Newcombe's hybrid score interval; None where one is of nobody."""
    one, other = wilson(treated), wilson(control)
    if one is None or other is None:
        return None
    value = one.value - other.value
    low = value - sqrt((one.value - one.low) ** 2 + (other.high - other.value) ** 2)
    high = value + sqrt((one.high - one.value) ** 2 + (other.value - other.low) ** 2)
    return Estimate(value, low, high)


def control_needed(control_share: float, treated_share: float, ratio: float) -> float:
    """How large the control arm must be to see this difference with a chance of 80 %, at 5 % two-sided, where the
    treated arm is `ratio` times as large; infinite where there is no difference."""
    if control_share == treated_share or ratio <= 0:
        return inf
    mean = (control_share + ratio * treated_share) / (ratio + 1)
    chance = Z95 * sqrt((ratio + 1) * mean * (1 - mean))
    spread = sqrt(ratio * control_share * (1 - control_share) + treated_share * (1 - treated_share))
    return ceil((chance + Z80 * spread) ** 2 / (ratio * (control_share - treated_share) ** 2))
