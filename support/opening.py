"""A ticket begins: its row, what was asked, language, service clocks and route, all in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from agentfactory_cs.customers.models import Contact, Customer
from agentfactory_cs.customers.services.checking import check_and_save
from agentfactory_cs.events.services import Actor

from . import levels
from .assigning import find_route, note_route
from .changes import note_change
from .languages import language_of
from .messages import from_customer, store
from .models import Area, ClockStretch, Message, Team, Ticket, TicketChange
from .telling import tell
from .writing import Written

# Rows that whoever asks has read, or that are read here.
_JUST_READ = ("customer", "contact", "area", "team", "assignee", "service_version")


@dataclass(frozen=True)
class Asked:
    """What is known of a new ticket. Without `customer` it is a stranger's, known by `requester_address`.

    `language` empty: found out. `team` given (the address it was sent to): routing leaves it there. `is_automatic`:
    no person wrote it, and none is answered.
    """

    subject: str
    written: Written
    channel: str
    customer: Customer | None = None
    contact: Contact | None = None
    requester_address: str = ""
    requester_name: str = ""
    area: Area | None = None
    severity: str = Ticket.Severity.NORMAL
    language: str = ""
    tags: Sequence[str] = ()
    team: Team | None = None
    external_id: str | None = None
    is_automatic: bool = False


@transaction.atomic
def open_ticket(asked: Asked, *, by: Actor = None, now: datetime) -> Ticket:
    """Open a ticket and route it. ValidationError names field and reason, and nothing is stored."""
    ticket = _row(asked, now)
    ticket.clean_fields(exclude=_JUST_READ)
    route = find_route(ticket, now=now)
    levels.begin_clocks(ticket, now=now)
    check_and_save(ticket, just_read=_JUST_READ)
    ClockStretch.objects.create(ticket=ticket, since=now)
    store(ticket, Message.Kind.CUSTOMER, asked.written, author_name=_author(asked), now=now)
    _tell(ticket, asked, by, now)
    note_route(ticket, route, by=by, now=now)
    ticket.refresh_from_db(fields=("due_at",))
    return ticket


def _tell(ticket: Ticket, asked: Asked, by: Actor, now: datetime) -> None:
    channel = str(ticket.get_channel_display())
    who = {"channel": channel, "is_automatic": asked.is_automatic}
    note_change(ticket, TicketChange.Kind.CREATED, f"Came in by {channel}.", data=who, by=by, now=now)
    data = {"severity": ticket.severity, "team": ticket.team.name if ticket.team else "", **who}
    tell(ticket, "support.ticket_opened", data, by=by, now=now)


def _row(asked: Asked, now: datetime) -> Ticket:
    _check(asked)
    text = f"{asked.subject}\n{asked.written.text}"
    language, source = language_of(text, given=asked.language, customer=asked.customer)
    contact = asked.contact or _primary(asked)
    return Ticket(
        external_id=asked.external_id or None,
        subject=asked.subject.strip()[:250],
        customer=asked.customer,
        contact=contact,
        requester_address=asked.requester_address or (contact.email if contact else ""),
        requester_name=asked.requester_name or (contact.name if contact else ""),
        channel=asked.channel,
        area=asked.area,
        severity=asked.severity,
        language=language,
        language_source=source,
        tags=list(dict.fromkeys(asked.tags)),
        team=asked.team,
        service_version=levels.in_force(),
        created_at=now,
        updated_at=now,
        customer_wrote_at=now,
        waiting_since=now,
    )


def _primary(asked: Asked) -> Contact | None:
    """Who is written to where nobody said who asks."""
    if asked.customer is None or asked.requester_address:
        return None
    return asked.customer.contacts.filter(is_primary=True).first()


def _check(asked: Asked) -> None:
    wrong: dict[str, str] = {}
    if not asked.subject.strip():
        wrong["subject"] = "Say in a line what it is about."
    if not asked.written.text.strip() and not asked.written.files:
        wrong["text"] = "Say what is asked."
    if asked.contact and (asked.customer is None or asked.contact.customer_id != asked.customer.pk):
        wrong["contact"] = "This contact belongs to another customer."
    if asked.customer is None and not asked.requester_address:
        wrong["requester_address"] = "Without a customer, say who asks."
    if wrong:
        raise ValidationError(dict(wrong))


def _author(asked: Asked) -> str:
    return asked.requester_name or from_customer(asked.written, asked.contact, asked.customer, asked.requester_address)
