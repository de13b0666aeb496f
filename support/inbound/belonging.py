"""Which ticket a mail belongs to. Strangers never get into a thread by what they write into headers or subject."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q

from agentfactory_cs.customers.models import Contact
from agentfactory_cs.messaging.models import Email

from ..addresses import ticket_of
from ..models import Message, Ticket
from .letter import Letter

# What the outbox notes as the source of a mail of ours.
OF_MESSAGE, OF_TICKET = "support.message", "support.ticket"
_NUMBER = re.compile(r"\[#(\d{1,18})\]")
_MOST_MERGED = 20


@dataclass(frozen=True)
class Belonging:
    """`refused` says why it was not joined to a ticket that it names."""

    ticket: Ticket | None = None
    how: str = ""
    refused: str = ""


def belonging_of(letter: Letter) -> Belonging:
    """By the signed reply address; else by the mails it answers, else by the number in its subject.

    The last two only where the sender belongs to the ticket: everybody can write a header.
    """
    for address in letter.recipients:
        if (pk := ticket_of(address)) and (ticket := _found(pk)):
            return Belonging(ticket, "It came to the reply address of the ticket.")
    refused = ""
    for pk, how in _named(letter):
        ticket = _found(pk)
        if ticket and belongs(letter.sender, ticket):
            return Belonging(ticket, how)
        if ticket and not refused:
            refused = f"{how} #{pk} is not joined: {letter.sender or 'the sender'} has no part in it."
    return Belonging(refused=refused)


def belongs(sender: str, ticket: Ticket) -> bool:
    """Whether this address asked, is a contact of the ticket's customer, or wrote in it before."""
    if not sender:
        return False
    if ticket.requester_address.lower() == sender or (ticket.contact and ticket.contact.email.lower() == sender):
        return True
    contacts = Contact.objects.filter(customer=ticket.customer_id, email__iexact=sender)
    if ticket.customer_id and contacts.exists():
        return True
    return ticket.messages.filter(kind=Message.Kind.CUSTOMER, address__iexact=sender).exists()


def _named(letter: Letter) -> Iterator[tuple[int, str]]:
    """The tickets it names, the surest first."""
    answered = tickets_of_messages(letter.answers_to)
    for message_id in letter.answers_to:
        if pk := answered.get(message_id):
            yield pk, "It answers a mail of the ticket."
    for number in _NUMBER.findall(letter.subject):
        yield int(number), "Its subject has the number of the ticket."


def tickets_of_messages(message_ids: tuple[str, ...]) -> dict[str, int]:
    """The ticket of each Message-ID that we know; three queries at most."""
    if not message_ids:
        return {}
    mails = Email.objects.filter(
        message_id__in=message_ids, source__in=(OF_MESSAGE, OF_TICKET), source_id__isnull=False
    )
    sent = list(mails.values_list("message_id", "source", "source_id"))
    of_messages = {source_id for _message_id, source, source_id in sent if source == OF_MESSAGE}
    messages = Message.objects.filter(Q(message_id__in=message_ids) | Q(pk__in=of_messages))
    rows = list(messages.values_list("pk", "message_id", "ticket"))
    by_pk = {pk: ticket for pk, _message_id, ticket in rows}
    found = {message_id: ticket for _pk, message_id, ticket in rows if message_id}
    for message_id, source, source_id in sent:
        ticket = by_pk.get(source_id or 0) if source == OF_MESSAGE else source_id
        if ticket:
            found.setdefault(message_id, ticket)
    return found


def _found(pk: int) -> Ticket | None:
    """The ticket, or the one it went into."""
    for _step in range(_MOST_MERGED):
        ticket = Ticket.objects.select_related("customer", "contact").filter(pk=pk).first()
        if ticket is None or ticket.merged_into_id is None:
            return ticket
        pk = ticket.merged_into_id
    return None
