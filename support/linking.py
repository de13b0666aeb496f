"""Two tickets that have to do with each other: one goes into the other, part of one becomes its own, or a mere link."""

from collections.abc import Collection
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from agentfactory_cs.events.services import Actor

from .changes import note_change
from .locking import all_locked, locked
from .models import Message, Ticket, TicketChange, TicketLink
from .moving import move_held, settle
from .opening import Asked, open_ticket
from .writing import Written

Kind = TicketChange.Kind
Status = Ticket.Status


@transaction.atomic
def merge(ticket: Ticket, into: Ticket, *, by: Actor, now: datetime) -> Ticket:
    """Put a ticket's thread into another's and close it; returns the other. Replies to either go there.

    Only tickets of one customer, or of one address: nobody must read what a stranger wrote. ValidationError
    otherwise, and where one of them is merged already or solved.
    """
    if ticket.pk == into.pk:
        raise ValidationError({"into": "A ticket cannot be merged into itself."})
    stored, other = all_locked(ticket, into)
    _check_merge(stored, other)
    stored.messages.update(ticket=other)
    stored.merged_into = other
    move_held(stored, Status.CLOSED, reason=f"Merged into #{other.pk}.", by=by, now=now)
    stored.waiting_since = None
    settle(stored, now=now)
    waited = [one for one in (other.waiting_since, ticket.waiting_since) if one]
    other.waiting_since = min(waited, default=None)
    other.tags = list(dict.fromkeys([*other.tags, *stored.tags]))
    note_change(stored, Kind.MERGED, f"Merged into #{other.pk}.", data={"into": other.pk}, by=by, now=now)
    note_change(other, Kind.MERGED, f"#{stored.pk} was merged into this one.", data={"from": stored.pk}, by=by, now=now)
    return settle(other, now=now)


def _check_merge(ticket: Ticket, into: Ticket) -> None:
    for one in (ticket, into):
        if one.merged_into_id:
            raise ValidationError(f"#{one.pk} was merged into #{one.merged_into_id} already.", code="conflict")
    if into.status not in Ticket.UNSOLVED:
        raise ValidationError({"into": f"#{into.pk} is {into.get_status_display().lower()}. Open it again first."})
    if ticket.status == Status.CLOSED:
        raise ValidationError(f"#{ticket.pk} is closed; link the two instead.", code="conflict")
    if not _is_same_asker(ticket, into):
        raise ValidationError({"into": f"#{into.pk} is of somebody else, who must not read this one. Link them."})


def _is_same_asker(ticket: Ticket, into: Ticket) -> bool:
    if ticket.customer_id or into.customer_id:
        return ticket.customer_id == into.customer_id
    return ticket.requester_address.lower() == into.requester_address.lower()


@transaction.atomic
def split_off(ticket: Ticket, message_ids: Collection[int], *, subject: str, by: Actor, now: datetime) -> Ticket:
    """Make a ticket of its own of some messages of a thread, routed anew; the first must be the customer's.

    ValidationError where nothing would be left, or a message is not of this ticket.
    """
    stored = locked(ticket)
    chosen = list(stored.messages.filter(pk__in=message_ids).order_by("pk"))
    _check_split(stored, chosen, message_ids)
    first, rest = chosen[0], chosen[1:]
    new = open_ticket(
        Asked(
            subject=subject,
            written=Written(first.text, quoted=first.quoted, html=first.html, author_name=first.author_name),
            channel=stored.channel,
            customer=stored.customer,
            contact=stored.contact,
            requester_address=stored.requester_address,
            requester_name=stored.requester_name,
            severity=stored.severity,
            language=stored.language,
        ),
        by=by,
        now=now,
    )
    _move_messages(new, first, rest)
    TicketLink.objects.create(ticket=new, other=stored, kind=TicketLink.Kind.SPLIT, created_at=now)
    note_change(stored, Kind.SPLIT, f"{len(chosen)} messages became #{new.pk}.", data={"to": new.pk}, by=by, now=now)
    settle(stored, now=now)
    return new


def _check_split(ticket: Ticket, chosen: list[Message], asked: Collection[int]) -> None:
    if missing := set(asked) - {one.pk for one in chosen}:
        raise ValidationError({"messages": f"Not of this ticket: {', '.join(map(str, sorted(missing)))}."})
    if not chosen:
        raise ValidationError({"messages": "Choose the messages that are to become a ticket of their own."})
    if chosen[0].kind != Message.Kind.CUSTOMER:
        raise ValidationError({"messages": "The first of them must be the customer's."})
    if len(chosen) == ticket.messages.count():
        raise ValidationError({"messages": "Nothing would be left; change the subject instead."})


def _move_messages(new: Ticket, first: Message, rest: list[Message]) -> None:
    """The message itself moves with its files and its mail's id; the copy it was opened with goes."""
    new.messages.all().delete()
    Message.objects.filter(pk__in=[first.pk, *(one.pk for one in rest)]).update(ticket=new)


@transaction.atomic
def link(ticket: Ticket, other: Ticket, *, by: Actor, now: datetime) -> TicketLink:
    """Note that two tickets have to do with each other; ValidationError where that is noted already."""
    later, earlier = sorted((ticket, other), key=lambda one: one.pk, reverse=True)
    if later.pk == earlier.pk:
        raise ValidationError({"other": "A ticket cannot be linked to itself."})
    linked, is_new = TicketLink.objects.get_or_create(
        ticket=later, other=earlier, defaults={"kind": TicketLink.Kind.RELATED, "created_at": now}
    )
    if not is_new:
        words = f"#{other.pk} is linked already."
        raise ValidationError({"other": ValidationError(words, code="conflict")})
    for one, another in ((later, earlier), (earlier, later)):
        note_change(one, Kind.FIELD, f"Linked to #{another.pk}.", by=by, now=now)
    return linked


@transaction.atomic
def unlink(ticket: Ticket, other: Ticket, *, by: Actor, now: datetime) -> None:
    """Take a link back. ValidationError where there is none."""
    later, earlier = sorted((ticket, other), key=lambda one: one.pk, reverse=True)
    if not TicketLink.objects.filter(ticket=later, other=earlier).delete()[0]:
        raise ValidationError({"other": f"#{other.pk} is not linked to #{ticket.pk}."})
    for one, another in ((later, earlier), (earlier, later)):
        note_change(one, Kind.FIELD, f"No longer linked to #{another.pk}.", by=by, now=now)
