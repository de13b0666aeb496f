"""A ticket's thread goes on: the customer writes, we answer, we leave each other notes."""

import re
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction

from agentfactory_cs.events.services import Actor, actor_label, actor_user
from agentfactory_cs.messaging.notices import write_to

from .changes import note_change
from .clocks import Stretch
from .escalating import on_reply
from .following import planning
from .following.letters import withdraw
from .letters import send_answer
from .levels.due import open_seconds
from .levels.watching import tell_what_is_due
from .links import ticket_link
from .locking import locked
from .messages import from_customer, store
from .models import Message, Ticket, TicketChange, TicketLink
from .moving import move_held, reopen_held, settle
from .opening import Asked, open_ticket
from .telling import tell
from .writing import Written

# A reply later than this after the ticket was resolved begins a new one.
REOPENS_FOR = timedelta(days=14)
_MENTION = re.compile(r"(?<![\w@.])@([\w.+-]*\w)")

Status = Ticket.Status


@transaction.atomic
def customer_wrote(ticket: Ticket, written: Written, *, by: Actor = None, now: datetime) -> Message:
    """Take in what the customer says. What waited, or was resolved not long ago, is open again.

    Later than REOPENS_FOR it begins a ticket of its own, linked to this one; what was merged goes to where it went.
    """
    stored = _where_it_went(locked(ticket))
    if _is_long_over(stored, now):
        return _follow_up(stored, written, by, now)
    name = from_customer(written, stored.contact, stored.customer, stored.requester_address)
    message = store(stored, Message.Kind.CUSTOMER, written, author_name=name, now=now)
    stored.customer_wrote_at = now
    stored.waiting_since = stored.waiting_since or now
    if stored.status in (Status.RESOLVED, Status.CLOSED):
        reopen_held(stored, because="The customer wrote again.", now=now)
    elif stored.status == Status.PENDING:
        move_held(stored, Status.OPEN, reason="The customer wrote.", now=now)
    settle(stored, now=now)
    tell(stored, "support.customer_replied", {"text": message.text[:300]}, by=by, now=now)
    on_reply(stored, message.text, now=now)
    return message


def _where_it_went(ticket: Ticket) -> Ticket:
    while ticket.merged_into is not None:
        ticket = locked(ticket.merged_into)
    return ticket


def _is_long_over(ticket: Ticket, now: datetime) -> bool:
    ended = ticket.resolved_at or ticket.closed_at
    return ended is not None and now - ended > REOPENS_FOR


def _follow_up(ticket: Ticket, written: Written, by: Actor, now: datetime) -> Message:
    later = open_ticket(
        Asked(
            subject=ticket.subject,
            written=written,
            channel=ticket.channel,
            customer=ticket.customer,
            contact=ticket.contact,
            requester_address=ticket.requester_address,
            requester_name=ticket.requester_name,
            area=ticket.area,
            severity=ticket.severity,
        ),
        by=by,
        now=now,
    )
    TicketLink.objects.create(ticket=later, other=ticket, kind=TicketLink.Kind.FOLLOW_UP, created_at=now)
    return later.messages.latest("pk")


@transaction.atomic
def answer(
    ticket: Ticket,
    written: Written,
    *,
    by: Actor,
    to_status: str | None = None,
    seen: int | None = None,
    now: datetime,
) -> Message:
    """Answer the customer, by mail (`letters`), and move the ticket on where `to_status` says so.

    A new one is open from then on.

    ValidationError (code `conflict`) where somebody changed it since `seen`; nothing is stored then.
    """
    stored = locked(ticket, seen=seen)
    if stored.merged_into_id:
        raise ValidationError(f"It was merged into #{stored.merged_into_id}: answer there.", code="conflict")
    tell_what_is_due(stored, now=now)
    message = store(stored, Message.Kind.ANSWER, written, author_name=actor_label(by), author=actor_user(by), now=now)
    if stored.first_response_at is None:
        stored.first_response_at = now
        stored.first_response_open_seconds = open_seconds(stored, [Stretch(stored.created_at)], now=now)
    stored.answered_at, stored.waiting_since = now, None
    stored.told = [one for one in stored.told if not one.startswith("next_response.")]
    wanted = to_status or (Status.OPEN if stored.status == Status.NEW else stored.status)
    if wanted == Status.OPEN and stored.status in (Status.RESOLVED, Status.CLOSED):
        reopen_held(stored, because="Answered.", by=by, now=now)
    elif wanted != stored.status:
        move_held(stored, wanted, reason="Answered.", by=by, now=now)
    elif wanted == Status.PENDING:
        # The customer has something new to answer.
        planning.begin(stored, now=now)
        withdraw(stored, "We wrote again.", now=now)
    settle(stored, now=now)
    send_answer(stored, message, by=by, now=now)
    tell(stored, "support.ticket_answered", {"by": actor_label(by)}, by=by, now=now)
    return message


@transaction.atomic
def answer_automatically(ticket: Ticket, written: Written, *, data: dict[str, object], now: datetime) -> Message:
    """Put what went out by itself into the thread. It is no first response: a person's is still owed."""
    stored = locked(ticket)
    message = store(stored, Message.Kind.AUTOMATIC, written, author_name="Automatic answer", now=now)
    note_change(stored, TicketChange.Kind.ANSWERED, "Answered automatically.", data=dict(data), now=now)
    return message


@transaction.atomic
def note(ticket: Ticket, written: Written, *, by: Actor, now: datetime) -> Message:
    """Leave a note that the customer never sees. Whoever is mentioned by @username is told."""
    stored = locked(ticket)
    message = store(stored, Message.Kind.NOTE, written, author_name=actor_label(by), author=actor_user(by), now=now)
    for person in mentioned(message.text):
        if person != actor_user(by):
            _tell_mentioned(person, stored, message, now)
    return message


def mentioned(text: str) -> list[User]:
    """The people of ours whom a text names by @username."""
    names = {name.lower() for name in _MENTION.findall(text)}
    if not names:
        return []
    staff = User.objects.filter(is_active=True, is_staff=True, username__in=names | set(_MENTION.findall(text)))
    return list(staff.order_by("pk"))


def _tell_mentioned(person: User, ticket: Ticket, message: Message, now: datetime) -> None:
    write_to(
        person,
        kind="support.mention",
        subject=f"{message.author_name} mentions you in #{ticket.pk}: {ticket.subject}"[:200],
        text=f"{message.text}\n\n{ticket_link(ticket)}",
        dedupe_key=f"support.mention:{message.pk}:{person.pk}",
        now=now,
    )
