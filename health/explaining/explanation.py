"""A stored score, alone or against an earlier one, as an Explanation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..freshness import Freshness
from ..metrics import COMPONENT_LABELS, COMPONENTS, METRICS, TIERS, Metric, component_of
from ..models import HealthOverride, HealthScore, ScorecardVersion
from ..rules import BAND_LABELS
from . import words
from .change import BEHAVIOUR, CAUSES, MISSING, SCORECARD, Side, Split, by_hand, split, steps
from .ledger import Facts, Ledger, ledgers
from .lines import CauseLine, ComponentLine, Explanation, LimitLine, MetricLine, OverrideLine
from .words import Told


@dataclass(frozen=True)
class StoredScore:
    """A stored row, the scorecard version it was made with, and the override in force on its day."""

    row: HealthScore
    version: ScorecardVersion
    override: HealthOverride | None = None

    @property
    def facts(self) -> Facts:
        readings = [np.nan if value is None else value for value in self.row.readings]
        return Facts(np.array(readings, dtype=np.float64), self.row.tier, self.row.signals)

    def effective(self, ledger: Ledger) -> float | None:
        if self.override is not None:
            return float(self.override.value)
        return None if self.row.total is None else ledger.total

    @property
    def told(self) -> Told:
        return Told(self.row.day, self.version, self.override)


@dataclass(frozen=True)
class _Comparison:
    """Everything computed of a score, and of an earlier one where there is one with a score."""

    now: StoredScore
    ledger: Ledger
    before: StoredScore | None = None
    ledger_before: Ledger | None = None
    split: Split | None = None
    freshness: Mapping[str, Freshness] = field(default_factory=dict)


def explain_row(
    now: StoredScore, before: StoredScore | None = None, *, freshness: Mapping[str, Freshness] | None = None
) -> Explanation:
    """Take a stored score apart, and its change since an earlier row of the same customer."""
    return _explanation(_compare(now, before, freshness or {}))


def _compare(now: StoredScore, before: StoredScore | None, freshness: Mapping[str, Freshness]) -> _Comparison:
    if before is None:
        [alone] = ledgers(now.version.card, [now.facts])
        return _Comparison(now, alone, freshness=freshness)
    stages = steps(Side(before.facts, before.version.card), Side(now.facts, now.version.card))
    old, new = stages[0], stages[-1]
    effective, effective_before = now.effective(new), before.effective(old)
    if effective is None or effective_before is None:
        return _Comparison(now, new, before, old, freshness=freshness)
    return _Comparison(now, new, before, old, split(stages, effective_before, effective), freshness)


def _explanation(found: _Comparison) -> Explanation:
    now, before, ledger = found.now, found.before, found.ledger
    card, effective = ledger.card, now.effective(ledger)
    total = None if now.row.total is None else ledger.total
    band = None if effective is None else card.band(effective)
    old = found.ledger_before
    change = found.split.total if found.split else None
    lines = [_metric_line(place, metric, found) for place, metric in enumerate(METRICS)]
    return Explanation(
        customer_id=now.row.customer_id,
        day=now.row.day,
        total=total,
        effective=effective,
        shown=None if effective is None else card.whole(effective),
        computed_shown=card.whole(total) if now.override and total is not None else None,
        band=band,
        band_label=BAND_LABELS[band] if band else "no data",
        provisional=now.override is None and card.is_provisional(now.row.coverage),
        coverage=now.row.coverage,
        version_id=now.version.pk,
        version=str(now.version),
        tier=TIERS[now.row.tier],
        components=[_component_line(name, place, ledger, lines) for place, name in enumerate(COMPONENTS)],
        limits=[LimitLine(each.limit.at_most, each.points, words.say_limit(each)) for each in ledger.limits],
        override=_override_line(now, ledger),
        compared_with=before.row.day if before else None,
        total_before=old.total if before and old and before.row.total is not None else None,
        effective_before=before.effective(old) if before and old else None,
        override_before=_override_line(before, old) if before and old else None,
        change=change,
        causes=_causes(found.split),
        limits_change=found.split.limits if found.split else None,
        override_change=found.split.by_override if found.split else None,
        headline=words.headline(change, found.split, before.row.day if before else None, now.row.day),
        sentences=_sentences(found),
    )


def _sentences(found: _Comparison) -> list[str]:
    moved: list[str] = []
    if found.split and found.before and found.ledger_before:
        moved = words.sentences_of_change(
            found.split, found.ledger_before, found.ledger, found.before.told, found.now.told
        )
    return moved or words.standing_sentences(found.ledger, found.now.override, found.now.row.day)


def _override_line(stored: StoredScore, ledger: Ledger) -> OverrideLine | None:
    override = stored.override
    if override is None:
        return None
    value = float(override.value)
    return OverrideLine(
        id=override.pk,
        value=value,
        contribution=by_hand(ledger, value),
        reason=override.reason,
        by=override.created_by_label,
        first_day=override.first_day,
        expires_on=override.expires_on,
        sentence=words.say_override(override, stored.row.day),
    )


def _causes(change: Split | None) -> list[CauseLine]:
    if change is None:
        return []
    shown = change.shown
    return [
        CauseLine(
            cause, str(words.CAUSE_LABELS[cause]), change.of(cause), shown[cause], change.by_limits.get(cause, 0.0)
        )
        for cause in CAUSES
    ]


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _say(metric: Metric, reading: float) -> str:
    return "no data" if np.isnan(reading) else metric.say(reading)


def _metric_line(place: int, metric: Metric, found: _Comparison) -> MetricLine:
    now, old = found.ledger, found.ledger_before
    parts = {
        cause: float(found.split.by_metric[cause][place]) if found.split else None
        for cause in (BEHAVIOUR, MISSING, SCORECARD)
    }
    before = old.facts.readings[place] if old else np.nan
    counts = not np.isnan(now.best[place])
    fresh = found.freshness.get(metric.key)
    return MetricLine(
        key=metric.key,
        label=metric.label,
        component=component_of(place),
        definition=metric.definition,
        window=metric.window,
        reading=_known(now.facts.readings[place]),
        reading_text=_say(metric, now.facts.readings[place]),
        reading_before=_known(before),
        reading_before_text=_say(metric, before) if old else "",
        worst=_known(now.worst[place]),
        worst_text=metric.say(float(now.worst[place])) if counts else "not counted",
        best=_known(now.best[place]),
        target_text=metric.say(float(now.best[place])) if counts else "not counted",
        points=_known(now.points[place]),
        points_before=_known(old.points[place]) if old else None,
        weight=float(now.weights[place]),
        contribution=float(now.contributions[place]),
        change=sum(parts[cause] or 0.0 for cause in parts) if found.split else None,
        **parts,
        newest_on=fresh.newest_on if fresh else None,
        source_rows=fresh.rows if fresh else None,
        sentence=words.sentence_of_metric(
            place, found.split, old, now, found.before.told if found.before else None, found.now.told
        ),
    )


def _component_line(name: str, place: int, ledger: Ledger, lines: Sequence[MetricLine]) -> ComponentLine:
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
