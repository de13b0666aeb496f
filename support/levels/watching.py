"""Telling of promises that are about to be missed, or were: the assignee is warned, the senior team gets a breach."""

from datetime import datetime

from django.db import transaction

from agentfactory_cs.messaging.notices import write_to

from ..changes import note_change
from ..escalating import escalate_to
from ..links import ticket_link
from ..models import Escalation, Ticket, TicketChange
from ..telling import tell
from .due import CLOCK_FIELDS, Moment, moments_of, set_clocks

BATCH = 200
Kind = TicketChange.Kind


def watch(*, now: datetime) -> int:
    """Tell of every clock whose moment has come; how many tickets that were.

    Any number may do so at a time: a ticket is told of under its lock, in the transaction that says so.
    """
    seen = 0
    while batch := _watch_some(now):
        seen += batch
    return seen


@transaction.atomic
def _watch_some(now: datetime) -> int:
    due = Ticket.objects.filter(next_warning_at__lte=now).select_related("customer", "team", "assignee")
    tickets = list(
        due.select_related("service_version")
        .order_by("next_warning_at", "pk")
        .select_for_update(skip_locked=True, of=("self",))[:BATCH]
    )
    for ticket in tickets:
        tell_what_is_due(ticket, now=now)
        set_clocks(ticket, now=now)
        ticket.save(update_fields=("told", *CLOCK_FIELDS))
    return len(tickets)


def tell_what_is_due(ticket: Ticket, *, now: datetime) -> None:
    """Tell of the moments of a locked ticket that have come; its caller saves it.

    Also asked before an answer or a move stops a clock: what was late stays late, though nobody had looked yet.
    """
    if ticket.next_warning_at is not None and ticket.next_warning_at <= now:
        for moment in moments_of(ticket, now=now):
            _tell(ticket, moment, now)


def _tell(ticket: Ticket, moment: Moment, now: datetime) -> None:
    if moment.is_breach:
        breach(ticket, moment, now=now)
    elif f"{moment.clock}.breached" not in ticket.told:
        _warn(ticket, moment, now)
    ticket.told = [*ticket.told, moment.key]


def _warn(ticket: Ticket, moment: Moment, now: datetime) -> None:
    words = f"Three quarters of the time for the {moment.clock.words} are used up."
    note_change(ticket, Kind.WARNED, words, data={"clock": str(moment.clock)}, now=now)
    tell(ticket, "support.service_warned", {"clock": moment.clock.words}, now=now)
    if ticket.assignee:
        write_to(
            ticket.assignee,
            kind="support.warning",
            subject=f"#{ticket.pk} is due soon: {ticket.subject}"[:200],
            text=f"{words}\n\n{ticket_link(ticket)}",
            dedupe_key=f"support.warned:{ticket.pk}:{moment.clock}:{moment.at:%Y%m%d%H%M}",
            now=now,
        )


def breach(ticket: Ticket, moment: Moment, *, now: datetime) -> None:
    """What was promised was not kept: it is on the ticket, on the timeline, and before the senior team."""
    words = f"The time for the {moment.clock.words} ran out at {moment.at:%Y-%m-%d %H:%M} UTC."
    note_change(ticket, Kind.BREACHED, words, data={"clock": str(moment.clock)}, now=now)
    tell(ticket, "support.service_breached", {"clock": moment.clock.words}, now=now)
    escalate_to(ticket, reason=Escalation.Reason.BREACH, detail=words, now=now)
