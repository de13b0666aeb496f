"""The score chip: one look for a score wherever it stands."""

from dataclasses import dataclass
from typing import Literal

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from .registry import Words

# Which colour a band is shown in; the words beside it are the app's.
Mood = Literal["bad", "plain", "good"]


@dataclass(frozen=True)
class ScoreChip:
    """A score as people read it: "42 ▼9 at risk", "61 · 38 % data", or "no data".

    `number` is None where there is no score; `change` is over 7 days and None where there was none then;
    `coverage` is a share from 0 to 1; `computed` is the score that an override replaces.
    """

    number: float | None
    band: Words = ""
    mood: Mood = "plain"
    change: float | None = None
    coverage: float = 1.0
    provisional: bool = False
    computed: float | None = None
    large: bool = False

    @property
    def points(self) -> int | None:
        """The number given, rounded half up. Whose bands forbid that (49.6 is not "50, at risk") gives a whole one."""
        return None if self.number is None else _whole(self.number)

    @property
    def moved(self) -> int:
        """Whole points up (positive) or down since a week ago."""
        return 0 if self.change is None else _whole(self.change)

    @property
    def moved_by(self) -> int:
        return abs(self.moved)

    @property
    def percent(self) -> int:
        return _whole(self.coverage * 100)

    def render(self) -> SafeString:
        return render_to_string("admin/chips/score.html", {"chip": self})


def _whole(number: float) -> int:
    """Rounded half away from zero, as people round."""
    return int(number + 0.5) if number >= 0 else -int(-number + 0.5)
