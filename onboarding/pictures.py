"""Funnels and bars of onboarding as pages draw them: figures in, widths, heights and words out."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from .cohorts import MILESTONES, Cohort, TimeToValue


@dataclass(frozen=True)
class Cell:
    """How many of a cohort got somewhere, and their share (percent)."""

    number: int
    percent: float

    @property
    def shade(self) -> int:
        """The strength of the ground behind it, 0 to 5."""
        return round(self.percent / 20)


@dataclass(frozen=True)
class CohortRow:
    """A cohort as a line of the table: a cell per milestone, then completed."""

    cohort: Cohort
    reached: Sequence[Cell]
    completed: Cell


def funnel_rows(cohort: Cohort) -> CohortRow:
    numbers = [cohort.reached.get(key, 0) for key, _title in MILESTONES]
    reached = [Cell(number, cohort.share(number)) for number in numbers]
    return CohortRow(cohort, reached, Cell(cohort.completed, cohort.share(cohort.completed)))


@dataclass(frozen=True)
class Drawn:
    """One bar: `height` in percent of the highest; words for its place on the scale."""

    words: str
    number: int
    height: float


def days_to_value(found: TimeToValue) -> list[Drawn]:
    """The distribution of days from signup to the first agent."""
    most = max((bar.number for bar in found.bars), default=0) or 1
    return [Drawn(_span(bar.since, bar.until), bar.number, 100 * bar.number / most) for bar in found.bars]


def _span(since: int, until: int | None) -> str:
    if until is None:
        return _("%(days)s +") % {"days": since}
    return str(since) if until == since + 1 else f"{since}–{until}"
