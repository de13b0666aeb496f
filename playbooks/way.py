"""The way through a definition's steps: which may begin once others are settled, and what a branch answers. No Django.

One way for real runs and for previews.
"""

from collections.abc import Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from .rules import NO, YES, Step


@dataclass(frozen=True)
class Place:
    """How one step stands: whether it has its time, whether it is settled, and what it decided, if it is a branch."""

    is_timed: bool = False
    is_settled: bool = False
    is_done: bool = False
    outcome: str = ""


AHEAD = Place()
TIMED = Place(is_timed=True)
PASSED_OVER = Place(is_settled=True)


def hangs(step: Step) -> bool:
    """Whether it has to wait until others are settled."""
    return bool(step.branch or step.after)


def released(steps: Sequence[Step], places: MutableMapping[str, Place]) -> Iterator[tuple[Step, str]]:
    """The steps that begin now that others are settled, each with the reason why it is passed over instead ("" where
    it is not). `places` is kept up while they are read: passing one over may release those behind it."""
    for step in steps:
        place = places[step.key]
        if place.is_settled or place.is_timed:
            continue
        if not all(places[key].is_settled for key in (step.branch, step.after) if key):
            continue
        reason = _not_this_way(step, places[step.branch]) if step.branch else ""
        places[step.key] = PASSED_OVER if reason else TIMED
        yield step, reason


def _not_this_way(step: Step, branch: Place) -> str:
    if not branch.is_done:
        return "The branch before it was not decided."
    return "" if branch.outcome == step.outcome else f"The branch before it went the other way ({branch.outcome})."


def deadline(branch: Step, due_at: datetime) -> datetime:
    return due_at + timedelta(days=branch.wait_days)


def answer(branch: Step, holds: bool, due_at: datetime, now: datetime) -> str:
    """Yes as soon as its condition holds; no once it has waited long enough; "" until then."""
    if holds:
        return YES
    return NO if now >= deadline(branch, due_at) else ""
