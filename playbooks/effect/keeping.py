"""The effect of versions, counted once an hour and kept: a page reads a row, however many runs there are."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef

from ..models import Measurement, Playbook, PlaybookVersion, Run
from .figures import Effect, effects


@dataclass(frozen=True)
class Kept:
    """An effect and the moment as of which it was counted."""

    effect: Effect
    as_of: datetime


def refresh(*, now: datetime) -> int:
    """Count the effect of every version that has runs; how many those are. A fixed number of queries."""
    with_runs = PlaybookVersion.objects.filter(Exists(Run.objects.filter(version=OuterRef("pk"))))
    found = effects(with_runs.values_list("pk", flat=True), now)
    rows = [Measurement(version_id=pk, figures=asdict(effect), as_of=now) for pk, effect in found.items()]
    Measurement.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["version"], update_fields=["figures", "as_of"]
    )
    return len(rows)


def kept(version_ids: Iterable[int]) -> Mapping[int, Kept]:
    """By version, of those that have been counted. One query."""
    rows = Measurement.objects.filter(version__in=list(version_ids))
    return {row.version_id: Kept(_effect(row.figures), row.as_of) for row in rows}


def of_playbook(playbook: Playbook) -> list[tuple[int, Kept | None]]:
    """Its published versions by number, the newest first, with their effect; None of one not counted yet."""
    numbers = dict(playbook.versions.filter(state="published").values_list("pk", "number"))
    found = kept(numbers)
    return sorted(((numbers[pk] or 0, found.get(pk)) for pk in numbers), reverse=True, key=lambda one: one[0])


def _effect(figures: Mapping[str, Any]) -> Effect:
    """What was not counted then has its default."""
    kinds = {one.name: type(one.default) for one in fields(Effect)}
    return Effect(**{name: _figure(value, kinds[name]) for name, value in figures.items() if name in kinds})


def _figure(value: Any, kind: Callable[..., Any]) -> Any:
    return kind(**value) if isinstance(value, dict) else value
