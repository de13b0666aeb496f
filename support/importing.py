"""Tickets that another desk had: written as they were, without routing, mails, events or escalation."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from agentfactory_cs.customers.services.checking import check_and_save
from agentfactory_cs.events.services import Actor

from . import levels
from .changes import note_change
from .clocks import Stretch
from .levels.due import clock_seconds, open_seconds
from .messages import store
from .models import ClockStretch, Message, Ticket, TicketChange
from .writing import Written

Status = Ticket.Status


@transaction.atomic
def save_imported(ticket: Ticket, *, text: str = "", by: Actor = None, now: datetime) -> Ticket:
    """Write a ticket as it is told, new or changed; `text` is the first message of a new one.

    Its times are measured with the hours of its team; of an unsolved one they run, but nobody is told of what was
    overdue before it came here. ValidationError names field and reason.
    """
    _check(ticket, now)
    is_new = ticket.pk is None
    _measure(ticket, now)
    ticket.updated_at = now
    if is_new:
        ticket.channel, ticket.service_version = Ticket.Channel.IMPORT, levels.in_force()
        ticket.customer_wrote_at = ticket.created_at
    check_and_save(ticket)
    if is_new:
        name = ticket.requester_name or ticket.requester_address or str(ticket.customer)
        store(ticket, Message.Kind.CUSTOMER, Written(text or ticket.subject), author_name=name, now=ticket.created_at)
    words = "Imported from another desk." if is_new else "Changed by an import."
    note_change(ticket, TicketChange.Kind.CREATED if is_new else TicketChange.Kind.FIELD, words, by=by, now=now)
    _keep_stretch(ticket)
    return ticket


def _check(ticket: Ticket, now: datetime) -> None:
    wrong: dict[str, str] = {}
    for name in ("first_response_at", "resolved_at", "closed_at"):
        moment = getattr(ticket, name)
        if moment and moment < ticket.created_at:
            wrong[name] = f"{moment:%Y-%m-%d %H:%M} is before the ticket was created."
        elif moment and moment > now:
            wrong[name] = f"{moment:%Y-%m-%d %H:%M} is not yet."
    if ticket.created_at > now:
        wrong["created_at"] = f"{ticket.created_at:%Y-%m-%d %H:%M} is not yet."
    if ticket.status == Status.RESOLVED and ticket.resolved_at is None:
        wrong["resolved_at"] = "A resolved ticket has a moment at which it was."
    if ticket.status == Status.CLOSED and ticket.closed_at is None:
        wrong["closed_at"] = "A closed ticket has a moment at which it was closed or resolved."
    if ticket.status in Ticket.UNSOLVED and (ticket.resolved_at or ticket.closed_at):
        wrong["status"] = f"It is {ticket.status}, and resolved or closed as well."
    if wrong:
        raise ValidationError(dict(wrong))


def _measure(ticket: Ticket, now: datetime) -> None:
    """What another desk paused is not known: its clock ran from creation to resolution."""
    ticket.answered_at = ticket.answered_at or ticket.first_response_at
    if ticket.first_response_at:
        ran = [Stretch(ticket.created_at, ticket.first_response_at)]
        ticket.first_response_open_seconds = open_seconds(ticket, ran, now=now)
    if ticket.resolved_at:
        ran = [Stretch(ticket.created_at, ticket.resolved_at)]
        ticket.resolution_seconds = clock_seconds(ran, now=now)
        ticket.resolution_open_seconds = open_seconds(ticket, ran, now=now)
    is_ours = ticket.status in (Status.NEW, Status.OPEN)
    ticket.waiting_since = ticket.created_at if is_ours and ticket.first_response_at is None else None


def _keep_stretch(ticket: Ticket) -> None:
    """One, from creation on, as long as it is ours to work on."""
    ended = ticket.resolved_at or ticket.closed_at
    until = ended or (ticket.updated_at if ticket.status == Status.PENDING else None)
    ClockStretch.objects.update_or_create(ticket=ticket, since=ticket.created_at, defaults={"until": until})
