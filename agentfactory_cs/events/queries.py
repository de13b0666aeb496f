"""Reading what happened."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from .models import Event
from .registry import Trigger, triggers


@dataclass(frozen=True)
class Line:
    """One line of a timeline, in words."""

    event: Event
    label: str
    sentence: str
    icon: str


@dataclass(frozen=True)
class Timeline:
    """A stretch of a timeline, newest first; `more` names where the next stretch begins, if there is one."""

    lines: list[Line]
    more: str | None


def sentence(trigger: Trigger | None, key: str, data: Mapping[str, Any]) -> str:
    """What happened in words; the trigger's label where its data are not what its sentence needs."""
    if trigger is None:
        return key
    try:
        return trigger.sentence.format(**data) if trigger.sentence else trigger.label
    except (KeyError, IndexError, ValueError):
        return trigger.label


def timeline(customer_id: int, *, kind: str = "", before: str = "", limit: int = 20) -> Timeline:
    """One customer's events from a mark on (`Timeline.more`), of one app (`customers`) or kind or of all.

    By keyset: any depth costs the same. A mark that is none begins at the newest event.
    """
    events = Event.objects.filter(customer=customer_id).order_by("-happened_at", "-id")
    if kind:
        events = events.filter(trigger__startswith=f"{kind}.") if "." not in kind else events.filter(trigger=kind)
    if mark := _read_mark(before):
        moment, pk = mark
        events = events.filter(happened_at__lte=moment).exclude(happened_at=moment, pk__gte=pk)
    found = list(events[: limit + 1])
    more = _mark(found[limit - 1]) if len(found) > limit else None
    return Timeline([line_of(event) for event in found[:limit]], more)


def oldest_under_way() -> int:
    """The oldest transaction that has not ended; every place to follow from lies before it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())")
        return int(cursor.fetchone()[0])


def line_of(event: Event) -> Line:
    """An event in words."""
    trigger = triggers.get(event.trigger) if event.trigger in triggers else None
    label, icon = (trigger.label, trigger.icon) if trigger else (event.trigger, "circle")
    return Line(event, label, sentence(trigger, event.trigger, event.data), icon)


def _mark(event: Event) -> str:
    return base64.urlsafe_b64encode(f"{event.happened_at.isoformat()} {event.pk}".encode()).decode()


def _read_mark(mark: str) -> tuple[datetime, int] | None:
    try:
        moment, pk = base64.urlsafe_b64decode(mark).decode().split(" ")
        return datetime.fromisoformat(moment), int(pk)
    except ValueError:
        return None
