"""What an effect amounts to: whether it can be told from chance, and what is missing until it can."""

from dataclasses import dataclass
from typing import Literal

from .figures import Effect
from .proportions import Arm, Estimate, control_needed, difference, wilson

# Below this many in an arm no share is worth a sentence.
LEAST = 20
# The smallest difference worth knowing of, as a share: smaller ones nobody would act on.
WORTH = 0.10

Kind = Literal["no_goal", "no_control", "too_few", "helps", "harms", "unclear"]


@dataclass(frozen=True)
class Verdict:
    """`kind` says what can be said; `treated`, `control` and `difference` are shares with their intervals, None of
    nobody. `more_held_out` is how many more held-out customers it takes to see the difference there is, or one of ten
    points where it is smaller; 0 where there are enough."""

    kind: Kind
    treated: Estimate | None
    control: Estimate | None
    difference: Estimate | None
    more_held_out: int = 0

    @property
    def is_underpowered(self) -> bool:
        return self.more_held_out > 0


def verdict(effect: Effect, *, has_goal: bool) -> Verdict:
    treated, control = effect.treated, effect.control
    gap = difference(treated, control)
    return Verdict(
        kind=_kind(effect, gap, has_goal=has_goal),
        treated=wilson(treated),
        control=wilson(control),
        difference=gap,
        more_held_out=_missing(treated, control) if has_goal and effect.held_out else 0,
    )


def _kind(effect: Effect, gap: Estimate | None, *, has_goal: bool) -> Kind:
    if not has_goal:
        return "no_goal"
    if not effect.held_out:
        return "no_control"
    if gap is None or min(effect.treated.size, effect.control.size) < LEAST:
        return "too_few"
    if gap.low > 0:
        return "helps"
    return "harms" if gap.high < 0 else "unclear"


def _missing(treated: Arm, control: Arm) -> int:
    """Held-out customers still wanting, with the arms growing as they have so far."""
    ratio = treated.size / control.size if treated.size and control.size else 1.0
    seen = treated.share - control.share
    sought = max(abs(seen), WORTH) * (-1 if seen < 0 else 1)
    # From a share of 95 % nothing rises by ten points: then a fall of as much is looked for.
    aim = control.share + sought
    aim = aim if 0 <= aim <= 1 else control.share - sought
    needed = control_needed(control.share, min(max(aim, 0.0), 1.0), ratio)
    return max(0, int(max(needed, LEAST)) - control.size)
