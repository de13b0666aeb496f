"""What a service level promises: how much business time has run, and when it will have run out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from .calendar import Calendar

WARN_AT = 0.75


@dataclass(frozen=True)
class Stretch:
    """A time in which a clock runs; `until` None: it runs still. Between stretches it is paused."""

    since: datetime
    until: datetime | None = None


@dataclass(frozen=True)
class Due:
    """When three quarters of a target are used up, and when all of it is. None while the clock stands, and where
    the desk never opens."""

    warn_at: datetime | None
    due_at: datetime | None


def elapsed(calendar: Calendar, stretches: Sequence[Stretch], now: datetime) -> timedelta:
    """The business time that has run by `now`."""
    return sum((calendar.open_time(one.since, min(one.until or now, now)) for one in stretches), timedelta(0))


def due_at(calendar: Calendar, stretches: Sequence[Stretch], target: timedelta) -> Due:
    """When the clock that has run through these stretches will have used `target` of business time.

    One that ran out before its last pause says when it did. One that stands with time left has no due time.
    """
    return Due(_runs_out(calendar, stretches, target * WARN_AT), _runs_out(calendar, stretches, target))


def _runs_out(calendar: Calendar, stretches: Sequence[Stretch], target: timedelta) -> datetime | None:
    left = target
    for one in stretches:
        moment = calendar.add(one.since, left)
        if one.until is None or (moment is not None and moment <= one.until):
            return moment
        left -= calendar.open_time(one.since, one.until)
    return None
