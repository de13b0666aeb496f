"""When a ticket's promises fall due: computed whenever something changes that they hang on, and kept on its row."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from ..clocks import Calendar, Due, Stretch, due_at, elapsed
from ..clocks.calendar import spans, week
from ..models import BusinessCalendar, Team, Ticket
from .policy import policy_of
from .rules import Clock, Targets

# Whose tickets these are we do not know: they are promised what everybody is.
STRANGERS_TIER = "free"
# Holidays are looked up for so many years around the present one.
_YEARS_BACK, _YEARS_AHEAD = 2, 2
# What set_clocks writes.
CLOCK_FIELDS = ("first_response_due_at", "next_response_due_at", "resolution_due_at", "next_warning_at")


@dataclass(frozen=True)
class Moment:
    """A moment at which somebody is told of a clock: `warned` at three quarters, `breached` at the end."""

    at: datetime
    clock: Clock
    is_breach: bool

    @property
    def key(self) -> str:
        return f"{self.clock}.{'breached' if self.is_breach else 'warned'}"


def calendar_of(team: Team | None, *, now: datetime) -> Calendar:
    """The team's hours, else those of the default calendar; read anew, so that a change counts at once.

    Raises BusinessCalendar.DoesNotExist where there is none.
    """
    chosen = BusinessCalendar.objects.prefetch_related("own_days")
    stored = chosen.get(pk=team.calendar_id) if team is not None and team.calendar_id else chosen.get(is_default=True)
    return built(stored, now=now)


def built(stored: BusinessCalendar, *, now: datetime) -> Calendar:
    """A stored calendar, with its own days prefetched, as one that can be reckoned with."""
    years = range(now.year - _YEARS_BACK, now.year + _YEARS_AHEAD + 1)
    return Calendar(
        ZoneInfo(stored.time_zone),
        week(stored.week),
        _closed(stored.country, stored.subdivision, years) if stored.country else frozenset(),
        {one.day: spans(one.spans, "spans") for one in stored.own_days.all()},
    )


@lru_cache(maxsize=32)
def _closed(country: str, subdivision: str, years: range) -> frozenset[date]:
    return frozenset(holidays.country_holidays(country, subdiv=subdivision or None, years=years))


def set_clocks(ticket: Ticket, *, now: datetime) -> None:
    """Compute the due columns of a ticket's row, unsaved. Its customer, team and service version are loaded.

    Call it after its status, severity, team or customer changed, or somebody wrote.
    """
    reckon(ticket, calendar_of(ticket.team, now=now), stretches_of(ticket))


def begin_clocks(ticket: Ticket, *, now: datetime) -> None:
    """As set_clocks, of a ticket that is not stored yet and runs from now."""
    reckon(ticket, calendar_of(ticket.team, now=now), [Stretch(now)])


def stretches_of(ticket: Ticket) -> Sequence[Stretch]:
    return [Stretch(since, until) for since, until in ticket.stretches.values_list("since", "until").order_by("since")]


def reckon(ticket: Ticket, calendar: Calendar, stretches: Sequence[Stretch]) -> None:
    """As set_clocks, with what it needs already read."""
    dues = _dues(ticket, calendar, stretches)
    for clock in Clock:
        due = dues.get(clock)
        setattr(ticket, f"{clock}_due_at", due.due_at if due else None)
    ticket.next_warning_at = min((one.at for one in untold(ticket, dues)), default=None)


def moments_of(ticket: Ticket, *, now: datetime) -> list[Moment]:
    """Whom somebody must be told of by now, earliest first."""
    dues = _dues(ticket, calendar_of(ticket.team, now=now), stretches_of(ticket))
    return sorted((one for one in untold(ticket, dues) if one.at <= now), key=lambda one: one.at)


def untold(ticket: Ticket, dues: Mapping[Clock, Due]) -> Iterable[Moment]:
    """What nobody was told of yet. Of a clock that is breached, the warning comes too late."""
    for clock, due in dues.items():
        breach = f"{clock}.breached" in ticket.told
        if due.due_at is not None and not breach:
            yield Moment(due.due_at, clock, is_breach=True)
        if due.warn_at is not None and not breach and f"{clock}.warned" not in ticket.told:
            yield Moment(due.warn_at, clock, is_breach=False)


def _dues(ticket: Ticket, calendar: Calendar, stretches: Sequence[Stretch]) -> dict[Clock, Due]:
    """Of the clocks that run, or ran out while they stood."""
    if ticket.status not in Ticket.UNSOLVED:
        return {}
    targets = targets_of(ticket)
    running: dict[Clock, Sequence[Stretch]] = {Clock.RESOLUTION: stretches}
    if ticket.first_response_at is None:
        running[Clock.FIRST_RESPONSE] = [Stretch(ticket.created_at)]
    elif ticket.waiting_since is not None:
        running[Clock.NEXT_RESPONSE] = [Stretch(ticket.waiting_since)]
    wanted = ((clock, ran, targets.of(clock)) for clock, ran in running.items())
    return {clock: due_at(calendar, ran, target) for clock, ran, target in wanted if target is not None}


def targets_of(ticket: Ticket) -> Targets:
    """What this ticket was promised, by the version of the policy it began with."""
    tier = ticket.customer.tier if ticket.customer else STRANGERS_TIER
    return policy_of(ticket.service_version).of(tier, ticket.severity)


def open_seconds(ticket: Ticket, stretches: Sequence[Stretch], *, now: datetime) -> int:
    """Business time that has run through these stretches by now, in seconds."""
    return int(elapsed(calendar_of(ticket.team, now=now), stretches, now).total_seconds())


def clock_seconds(stretches: Sequence[Stretch], *, now: datetime) -> int:
    """The same round the clock."""
    return int(sum((min(one.until or now, now) - one.since for one in stretches), timedelta(0)).total_seconds())
