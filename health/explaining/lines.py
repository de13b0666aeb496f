"""What an explanation consists of: frozen rows for pages, REST and mails."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

# A change smaller than this many points is not worth a sentence.
WORTH_SAYING = 0.05


@dataclass(frozen=True)
class MetricLine:
    """One metric of one score. Without data `reading`, `points` and what follows from them are None or 0.

    `weight` is the effective share of the total, `contribution` the points it adds to it, `change` how much of that
    came or went since the day compared with (None without one), in parts by cause. `newest_on` and `source_rows`
    tell how fresh the rows behind the reading are; None where that was not asked for or there are none.
    """

    key: str
    label: str
    component: str
    definition: str
    window: str
    reading: float | None
    reading_text: str
    reading_before: float | None
    reading_before_text: str
    worst: float | None
    worst_text: str
    best: float | None
    target_text: str
    points: float | None
    points_before: float | None
    weight: float
    contribution: float
    change: float | None
    behaviour: float | None
    missing: float | None
    scorecard: float | None
    newest_on: date | None
    source_rows: int | None
    sentence: str

    @property
    def weight_percent(self) -> float:
        return 100 * self.weight

    @property
    def needs_words(self) -> bool:
        """Whether something happened to it that its two readings do not show."""
        others = (self.missing or 0.0, self.scorecard or 0.0)
        return self.reading is None or self.best is None or any(abs(points) >= WORTH_SAYING for points in others)


@dataclass(frozen=True)
class ComponentLine:
    """One component of one score: its own 0–100 with the band that would be, its weight, what it adds to the total."""

    key: str
    label: str
    score: float | None
    band: str | None
    weight: float
    contribution: float
    change: float | None
    metrics: Sequence[MetricLine]

    @property
    def weight_percent(self) -> float:
        return 100 * self.weight


@dataclass(frozen=True)
class LimitLine:
    """A limit of the scorecard whose condition is met, and the points (0 or below) by which it lowers the total."""

    at_most: float
    contribution: float
    sentence: str


@dataclass(frozen=True)
class OverrideLine:
    """The override in force on the day, and the points it adds to the computed total."""

    id: int
    value: float
    contribution: float
    reason: str
    by: str
    first_day: date
    expires_on: date
    sentence: str


@dataclass(frozen=True)
class CauseLine:
    """What one cause did to the score since the day compared with, in points; `limits` is the limits' part of it.
    `shown` is rounded to a tenth so that the causes sum to the rounded change."""

    key: str
    label: str
    change: float
    shown: float
    limits: float


@dataclass(frozen=True)
class Explanation:
    """A score taken apart.

    The contributions of `metrics` and `limits` sum to `total`, the computed score; with the override's to
    `effective`, what counts. The changes of `causes` sum to `change`, that of the effective score; so do those of
    `metrics` with `limits_change` and `override_change`. Band and `shown` (the whole number people see) are of the
    effective score, `computed_shown` is the computed one's where an override replaces it.
    """

    customer_id: int
    day: date
    total: float | None
    effective: float | None
    shown: int | None
    computed_shown: int | None
    band: str | None
    band_label: str
    provisional: bool
    coverage: float
    version_id: int
    version: str
    tier: str
    components: Sequence[ComponentLine]
    limits: Sequence[LimitLine]
    override: OverrideLine | None
    compared_with: date | None
    total_before: float | None
    effective_before: float | None
    override_before: OverrideLine | None
    change: float | None
    causes: Sequence[CauseLine]
    limits_change: float | None
    override_change: float | None
    headline: str
    sentences: Sequence[str]

    @property
    def metrics(self) -> list[MetricLine]:
        return [metric for component in self.components for metric in component.metrics]
