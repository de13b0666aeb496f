"""From a stored row back to every point of it, in figures and in words.

Nothing here is stored: the ledger is computed from a row's readings, its tier and its scorecard version by
the very arithmetic that scored it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from .metrics import COMPONENTS, METRICS, TIERS, Metric, component_of
from .models import HealthScore, ScorecardVersion
from .rules import BAND_LABELS, Card, Deck, score

# A change smaller than this many points is not worth a sentence.
WORTH_SAYING = 0.05
COMPONENT_LABELS = {
    "usage": "Usage",
    "engagement": "Engagement",
    "outcomes": "Outcomes",
    "relationship": "Relationship",
}


@dataclass(frozen=True)
class MetricLine:
    """One metric of one score. Without data `reading`, `points` and what follows from them are None or 0.

    `weight` is the effective share of the total, `contribution` the points it adds to it, `change` how much
    of that came or went since the day compared with (None without one).
    """

    key: str
    label: str
    component: str
    definition: str
    window: str
    reading: float | None
    reading_text: str
    worst: float | None
    best: float | None
    target_text: str
    points: float | None
    weight: float
    contribution: float
    change: float | None
    sentence: str


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


@dataclass(frozen=True)
class Explanation:
    """A score taken apart. The contributions of `metrics` sum to `total`, their changes to `change`;
    `total_shown` is the whole number people see."""

    customer_id: int
    day: date
    total: float | None
    total_shown: int | None
    band: str | None
    band_label: str
    provisional: bool
    coverage: float
    version_id: int
    version: str
    tier: str
    components: Sequence[ComponentLine]
    compared_with: date | None
    total_before: float | None
    change: float | None
    sentences: Sequence[str]

    @property
    def metrics(self) -> list[MetricLine]:
        return [metric for component in self.components for metric in component.metrics]


@dataclass(frozen=True)
class _Ledger:
    """The arithmetic of one row: 16 of each, NaN where there is no data."""

    readings: np.ndarray
    points: np.ndarray
    weights: np.ndarray
    contributions: np.ndarray
    components: np.ndarray
    worst: np.ndarray
    best: np.ndarray
    total: float
    card: Card


def explain_row(row: HealthScore, version: ScorecardVersion, before: "RowBefore | None" = None) -> Explanation:
    """Take a stored score apart, and its change since an earlier row of the same customer."""
    ledger = _ledger(row, version)
    earlier = _ledger(before.row, before.version) if before else None
    lines = [_metric_line(place, metric, ledger, earlier) for place, metric in enumerate(METRICS)]
    total = None if row.total is None else ledger.total
    total_before = None if before is None or before.row.total is None else earlier.total if earlier else None
    change = total - total_before if total is not None and total_before is not None else None
    return Explanation(
        customer_id=row.customer_id,
        day=row.day,
        total=total,
        total_shown=None if total is None else ledger.card.whole(total),
        band=None if total is None else ledger.card.band(total),
        band_label="no data" if total is None else BAND_LABELS[ledger.card.band(total)],
        provisional=ledger.card.is_provisional(row.coverage),
        coverage=row.coverage,
        version_id=version.pk,
        version=str(version),
        tier=TIERS[row.tier],
        components=[_component_line(name, place, ledger, lines) for place, name in enumerate(COMPONENTS)],
        compared_with=before.row.day if before else None,
        total_before=total_before,
        change=change,
        sentences=_sentences(lines),
    )


@dataclass(frozen=True)
class RowBefore:
    """The earlier row a score is compared with, and the version it was made with."""

    row: HealthScore
    version: ScorecardVersion


def _ledger(row: HealthScore, version: ScorecardVersion) -> _Ledger:
    card = version.card
    readings = np.array([np.nan if value is None else value for value in row.readings], dtype=np.float64)
    deck = Deck.of(dict.fromkeys(TIERS, card))
    scores = score(readings[None, :], np.array([row.tier]), deck, np.array([row.signals]))
    return _Ledger(
        readings=readings,
        points=scores.points[0],
        weights=scores.weights[0],
        contributions=scores.contributions[0],
        components=scores.components[0],
        worst=card.worst[row.tier],
        best=card.best[row.tier],
        total=float(scores.totals[0]),
        card=card,
    )


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _metric_line(place: int, metric: Metric, now: _Ledger, before: _Ledger | None) -> MetricLine:
    reading = _known(now.readings[place])
    counts = not np.isnan(now.best[place])
    change = float(now.contributions[place] - before.contributions[place]) if before else None
    return MetricLine(
        key=metric.key,
        label=metric.label,
        component=component_of(place),
        definition=metric.definition,
        window=metric.window,
        reading=reading,
        reading_text="no data" if reading is None else metric.say(reading),
        worst=_known(now.worst[place]),
        best=_known(now.best[place]),
        target_text=metric.say(float(now.best[place])) if counts else "not counted",
        points=_known(now.points[place]),
        weight=float(now.weights[place]),
        contribution=float(now.contributions[place]),
        change=change,
        sentence=_sentence(metric, place, now, before, change),
    )


def _sentence(metric: Metric, place: int, now: _Ledger, before: _Ledger | None, change: float | None) -> str:
    """Why it moved ("−9.2: conversations per week fell from 610 to 240"), or where it stands."""
    reading = now.readings[place]
    if before is None or change is None or abs(change) < WORTH_SAYING:
        return _standing(metric, place, now)
    old = before.readings[place]
    points = f"{'+' if change > 0 else '−'}{abs(change):.1f}"
    name = _in_a_sentence(metric.label)
    if np.isnan(old):
        return f"{points}: {name} has data again ({metric.say(reading)})"
    if np.isnan(reading):
        return f"{points}: {name} has no data any more (was {metric.say(old)})"
    if metric.say(old) == metric.say(reading):
        return f"{points}: {name} stayed at {metric.say(reading)}, its weight or target changed"
    verb = "rose" if reading > old else "fell"
    return f"{points}: {name} {verb} from {metric.say(old)} to {metric.say(reading)}"


def _standing(metric: Metric, place: int, now: _Ledger) -> str:
    if np.isnan(now.best[place]):
        return f"{metric.label} is not counted for this tier"
    if np.isnan(now.readings[place]):
        return f"No data for {_in_a_sentence(metric.label)}; its weight went to the others"
    return (
        f"{metric.label} at {metric.say(now.readings[place])} against a target of {metric.say(now.best[place])}:"
        f" {now.points[place]:.0f} of 100 points"
    )


def _in_a_sentence(label: str) -> str:
    first = label.split()[0]
    return label if first.isupper() else label[0].lower() + label[1:]


def _component_line(name: str, place: int, ledger: _Ledger, lines: Sequence[MetricLine]) -> ComponentLine:
    own = [line for line in lines if line.component == name]
    changes = [line.change for line in own if line.change is not None]
    score = _known(ledger.components[place])
    return ComponentLine(
        key=name,
        label=COMPONENT_LABELS[name],
        score=score,
        band=None if score is None else ledger.card.band(score),
        weight=sum(line.weight for line in own),
        contribution=sum(line.contribution for line in own),
        change=sum(changes) if changes else None,
        metrics=own,
    )


def _sentences(lines: Sequence[MetricLine]) -> list[str]:
    """At most three, the largest cause first: what moved, or what holds the score down where nothing did."""
    moved = [line for line in lines if line.change is not None and abs(line.change) >= WORTH_SAYING]
    if moved:
        return [line.sentence for line in sorted(moved, key=lambda line: -abs(line.change or 0))[:3]]
    lost = [(line.weight * (100 - line.points), line) for line in lines if line.points is not None]
    worst = sorted((item for item in lost if item[0] >= 1), key=lambda item: -item[0])
    return [line.sentence for _, line in worst[:3]]
