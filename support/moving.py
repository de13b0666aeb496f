"""Moving a ticket through its states, with the clocks that stand and run by them."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from agentfactory_cs.events.services import Actor

from . import levels, stretches
from .changes import note_change
from .escalating import escalate_to
from .following import planning
from .following.letters import withdraw
from .levels.due import clock_seconds, open_seconds, stretches_of
from .levels.watching import tell_what_is_due
from .locking import locked
from .models import Escalation, Ticket, TicketChange
from .telling import tell

Status = Ticket.Status
# Whoever has to come back so often was not helped: the senior team looks at it.
ESCALATES_AT_REOPEN = 3


@transaction.atomic
def move(
    ticket: Ticket, to: str, *, by: Actor = None, reason: str = "", seen: int | None = None, now: datetime
) -> Ticket:
    """Bring a ticket into another state. ValidationError where that does not follow from where it is.

    A ticket that is solved becomes open again by this too, and counts as reopened.
    """
    stored = locked(ticket, seen=seen)
    tell_what_is_due(stored, now=now)
    if to == Status.OPEN and stored.status in (Status.RESOLVED, Status.CLOSED):
        reopen_held(stored, because=reason or "Opened again by hand.", by=by, now=now)
    else:
        move_held(stored, to, reason=reason, by=by, now=now)
    return settle(stored, now=now)


def settle(ticket: Ticket, *, now: datetime) -> Ticket:
    """Write a held ticket that was changed, with the clocks that follow."""
    levels.set_clocks(ticket, now=now)
    ticket.updated_at = now
    ticket.lock_version += 1
    ticket.save()
    return ticket


def move_held(ticket: Ticket, to: str, *, reason: str = "", by: Actor = None, now: datetime) -> None:
    """Move a locked ticket; the caller saves it. Tells of it on the ticket and on the timeline."""
    _check(ticket, to)
    was, ticket.status = ticket.get_status_display(), to
    _keep_time(ticket, now)
    if to == Status.RESOLVED:
        _note_resolution(ticket, now)
    if to == Status.CLOSED:
        ticket.closed_at = now
    planning.begin(ticket, now=now)
    words = f"{was} → {ticket.get_status_display()}. {reason}".strip()
    note_change(ticket, TicketChange.Kind.STATUS, words, data={"to": to}, by=by, now=now)
    if not (to == Status.CLOSED and ticket.resolved_at) or ticket.merged_into_id:
        withdraw(ticket, words, now=now)
    data = {"from": was, "to": ticket.get_status_display(), "why": reason}
    tell(ticket, "support.ticket_moved", data, by=by, now=now)


def reopen_held(ticket: Ticket, *, because: str, by: Actor = None, now: datetime) -> None:
    """Open a locked ticket that was over; the third time the senior team hears of it."""
    if ticket.merged_into_id:
        raise ValidationError(f"It was merged into #{ticket.merged_into_id}: open that one.", code="conflict")
    ticket.resolved_at = ticket.closed_at = None
    ticket.resolution_seconds = ticket.resolution_open_seconds = None
    ticket.reopened += 1
    move_held(ticket, Status.OPEN, reason=because, by=by, now=now)
    if ticket.reopened == ESCALATES_AT_REOPEN:
        ticket.save()
        detail = f"It was opened again for the {ESCALATES_AT_REOPEN}rd time."
        escalate_to(ticket, reason=Escalation.Reason.REOPENED, detail=detail, by=by, now=now)
        ticket.refresh_from_db(fields=("team", "assignee", "assigned_by_hand", "is_escalated", "tags", "priority"))


def _check(ticket: Ticket, to: str) -> None:
    if to not in Status.values:
        raise ValidationError({"status": f"There is no state “{to}”. Known: {', '.join(Status.values)}."})
    if to not in Ticket.TRANSITIONS[Status(ticket.status)]:
        words = f"A ticket that is {ticket.get_status_display().lower()} cannot become {Status(to).label.lower()}."
        raise ValidationError({"status": ValidationError(words, code="conflict")})


def _keep_time(ticket: Ticket, now: datetime) -> None:
    """The resolution clock runs while the ticket is ours to work on."""
    if ticket.status in (Status.NEW, Status.OPEN):
        stretches.start(ticket, now=now)
    else:
        stretches.stop(ticket, now=now)


def _note_resolution(ticket: Ticket, now: datetime) -> None:
    ran = stretches_of(ticket)
    ticket.resolved_at = now
    ticket.waiting_since = None
    ticket.resolution_seconds = clock_seconds(ran, now=now)
    ticket.resolution_open_seconds = open_seconds(ticket, ran, now=now)
