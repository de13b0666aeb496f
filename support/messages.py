"""Putting what somebody wrote into a ticket's thread, with its files."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError

from agentfactory_cs.customers.models import Contact, Customer
from agentfactory_cs.customers.services.checking import check_and_save

from .files import keep
from .models import Message, Ticket
from .writing import Written


def store(
    ticket: Ticket, kind: str, written: Written, *, author_name: str, author: Any = None, now: datetime
) -> Message:
    """Append a message. ValidationError where it says nothing and brings nothing."""
    if not written.text.strip() and not written.files:
        raise ValidationError({"text": "Write something."})
    message = Message(
        ticket=ticket,
        kind=kind,
        author=author,
        author_name=author_name[:200],
        address=written.address,
        text=written.text.strip() or "(no text)",
        quoted=written.quoted,
        html=written.html,
        message_id=written.message_id[:250],
        written_at=now,
    )
    check_and_save(message, just_read=("ticket", "author"))
    for file in written.files:
        keep(message, file)
    return message


def from_customer(written: Written, contact: Contact | None, customer: Customer | None, address: str) -> str:
    """Who wrote, by the best name there is."""
    names = (written.author_name, contact.name if contact else "", written.address, address, str(customer or ""))
    return next(name for name in names if name)
