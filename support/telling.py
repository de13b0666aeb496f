"""Telling the rest of the system of what happens to tickets."""

from datetime import datetime
from typing import Any

from agentfactory_cs.events.services import Actor, record

from .models import Ticket


def tell(ticket: Ticket, trigger: str, data: dict[str, Any] | None = None, *, by: Actor = None, now: datetime) -> None:
    """Record an event of the ticket's customer. A stranger's ticket has no timeline to stand on."""
    if ticket.customer is not None:
        about = {"ticket": ticket.pk, "subject": ticket.subject, **(data or {})}
        record(trigger, ticket.customer, about, by=by, now=now)
