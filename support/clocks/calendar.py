"""The hours a support desk is open: several spans a day in one time zone, holidays and days of its own.

Everything is reckoned in moments (aware datetimes); a span of local clock times becomes a stretch of real time
day by day. So an hour that is skipped when the clocks go forward is no open time, and one that comes twice when
they go back counts twice: open time is time that has really passed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MIDNIGHT = time(0)
MAX_SPANS = 8
# A desk that is not open within so long is never open: a mistake in the calendar, not a date to promise.
FURTHEST = timedelta(days=400)


class BadCalendar(ValueError):
    """Opening hours that cannot be used; the message names the place and the reason."""


@dataclass(frozen=True, order=True)
class Span:
    """Open from `begin` until before `end`, local clock time; `end` midnight is the end of the day."""

    begin: time
    end: time

    def __post_init__(self) -> None:
        if self.end != MIDNIGHT and self.end <= self.begin:
            raise BadCalendar(f"{self}: the end must come after the beginning.")

    def __str__(self) -> str:
        return f"{self.begin:%H:%M}–{self.end:%H:%M}"


@dataclass(frozen=True)
class Calendar:
    """When a desk is open. `closed` are whole days (holidays); `own_days` replace the weekly hours of a date."""

    zone: ZoneInfo
    week: Sequence[Sequence[Span]]
    closed: frozenset[date] = frozenset()
    own_days: Mapping[date, Sequence[Span]] = field(default_factory=dict)

    def spans_on(self, day: date) -> Sequence[Span]:
        if day in self.own_days:
            return self.own_days[day]
        return () if day in self.closed else self.week[day.weekday()]

    def is_open(self, moment: datetime) -> bool:
        day = moment.astimezone(self.zone).date()
        return any(begin <= moment < end for begin, end in self._stretches_of(day))

    def stretches(self, since: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The open stretches from a moment on, cut to begin there, in order; ends after FURTHEST without any."""
        day, last = since.astimezone(self.zone).date(), since
        while True:
            for begin, end in self._stretches_of(day):
                if end > since:
                    last = end
                    yield max(begin, since), end
            day += timedelta(days=1)
            if self._midnight(day) - last > FURTHEST:
                return

    def open_time(self, since: datetime, until: datetime) -> timedelta:
        """How long the desk was open between two moments; nothing where the second is not the later."""
        total, day, last_day = timedelta(0), since.astimezone(self.zone).date(), until.astimezone(self.zone).date()
        while day <= last_day:
            for begin, end in self._stretches_of(day):
                total += max(min(end, until) - max(begin, since), timedelta(0))
            day += timedelta(days=1)
        return total

    def add(self, since: datetime, open_time: timedelta) -> datetime | None:
        """The moment by which the desk has been open for so long; None where that is never.

        Of no time at all it is `since` itself, open or not.
        """
        left = open_time
        if left <= timedelta(0):
            return since
        for begin, end in self.stretches(since):
            if left <= end - begin:
                return begin + left
            left -= end - begin
        return None

    def _stretches_of(self, day: date) -> list[tuple[datetime, datetime]]:
        """In UTC: Python subtracts two moments of one zone as clock times, an hour wrong across a change."""
        found = [(self._moment(day, span.begin), self._end(day, span.end)) for span in self.spans_on(day)]
        return [(begin, end) for begin, end in found if begin < end]

    def _end(self, day: date, end: time) -> datetime:
        return self._midnight(day + timedelta(days=1)) if end == MIDNIGHT else self._moment(day, end)

    def _midnight(self, day: date) -> datetime:
        return self._moment(day, MIDNIGHT)

    def _moment(self, day: date, clock: time) -> datetime:
        """A clock time that comes twice is its first; one that is skipped, the moment the clocks were set forward."""
        local = datetime.combine(day, clock, tzinfo=self.zone)
        moment = local.astimezone(UTC)
        if moment.astimezone(self.zone).replace(tzinfo=None) == local.replace(tzinfo=None):
            return moment
        # fold=1 gives the offset after the change: the earlier of the two readings of a time that never was.
        return _change_between(local.replace(fold=1).astimezone(UTC), moment, self.zone)


def _change_between(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The moment between two at which the zone's offset changes, to the second."""
    old = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        before, after = (middle, after) if middle.astimezone(zone).utcoffset() == old else (before, middle)
    return after.replace(microsecond=0)


def spans(data: Any, place: str) -> tuple[Span, ...]:
    """From [["09:00", "12:30"], ["13:30", "17:00"]]; sorted. Raises BadCalendar."""
    if not isinstance(data, Sequence) or isinstance(data, str) or len(data) > MAX_SPANS:
        raise BadCalendar(f"{place}: must be a list of at most {MAX_SPANS} spans, not {data!r}.")
    found = sorted(_span(item, f"{place}.{at}") for at, item in enumerate(data))
    for earlier, later in pairwise(found):
        if earlier.end == MIDNIGHT or later.begin < earlier.end:
            raise BadCalendar(f"{place}: {earlier} and {later} overlap.")
    return tuple(found)


def _span(data: Any, place: str) -> Span:
    if not isinstance(data, Sequence) or isinstance(data, str) or len(data) != 2:
        raise BadCalendar(f'{place}: must be a beginning and an end such as ["09:00", "17:00"], not {data!r}.')
    return Span(_clock(data[0], place), MIDNIGHT if data[1] == "24:00" else _clock(data[1], place))


def _clock(value: Any, place: str) -> time:
    try:
        return time.fromisoformat(value)
    except (TypeError, ValueError):
        raise BadCalendar(f"{place}: {value!r} is no time such as 09:00.") from None


def week(data: Any) -> tuple[tuple[Span, ...], ...]:
    """From {"mon": [["09:00", "17:00"]], …}: days that are left out are closed. Raises BadCalendar."""
    if not isinstance(data, Mapping):
        raise BadCalendar(f"week: must be an object of days, not {data!r}.")
    if unknown := sorted(str(key) for key in set(data) - set(WEEK)):
        raise BadCalendar(f"week: knows no {', '.join(unknown)}; its days are {', '.join(WEEK)}.")
    return tuple(spans(data.get(day, ()), f"week.{day}") for day in WEEK)
