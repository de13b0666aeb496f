"""Bringing the due times of unsolved tickets up to date after opening hours or a team's calendar changed."""

from datetime import datetime

from django.db import transaction

from ..clocks import Calendar, Stretch
from ..models import BusinessCalendar, Ticket
from .due import CLOCK_FIELDS, built, reckon

BATCH = 500


def recompute(*, now: datetime) -> int:
    """Reckon the due times of all unsolved tickets anew; how many of them moved.

    A batch is a transaction of four statements, however many calendars there are. Done twice it changes nothing.
    """
    moved, last = 0, 0
    while found := _recompute_some(last, now):
        last, changed = found
        moved += changed
    return moved


@transaction.atomic
def _recompute_some(after: int, now: datetime) -> tuple[int, int] | None:
    """Those that follow this key: the last of them, and how many moved; None where none is left."""
    following = Ticket.objects.unsolved().filter(pk__gt=after).order_by("pk")
    beside = following.select_related("customer", "team", "service_version").prefetch_related("stretches")
    tickets = list(beside.select_for_update(of=("self",), no_key=True)[:BATCH])
    if not tickets:
        return None
    calendars = _Calendars(now)
    changed = [ticket for ticket in tickets if _reckon_anew(ticket, calendars)]
    Ticket.objects.bulk_update(changed, CLOCK_FIELDS)
    return tickets[-1].pk, len(changed)


class _Calendars:
    """All there are, by the team's choice."""

    def __init__(self, now: datetime) -> None:
        stored = list(BusinessCalendar.objects.prefetch_related("own_days"))
        self._by_key = {one.pk: built(one, now=now) for one in stored}
        self._default = next(self._by_key[one.pk] for one in stored if one.is_default)

    def of(self, ticket: Ticket) -> Calendar:
        chosen = ticket.team.calendar_id if ticket.team else None
        return self._by_key[chosen] if chosen else self._default


def _reckon_anew(ticket: Ticket, calendars: _Calendars) -> bool:
    before = [getattr(ticket, name) for name in CLOCK_FIELDS]
    stretches = sorted((Stretch(one.since, one.until) for one in ticket.stretches.all()), key=lambda one: one.since)
    reckon(ticket, calendars.of(ticket), stretches)
    return before != [getattr(ticket, name) for name in CLOCK_FIELDS]
