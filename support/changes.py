"""Writing down what happened to a ticket."""

from datetime import datetime
from typing import Any

from agentfactory_cs.events.services import Actor, actor_user

from .models import RoutingVersion, Ticket, TicketChange

_LONGEST = 400


def note_change(
    ticket: Ticket,
    kind: str,
    words: str,
    *,
    data: dict[str, Any] | None = None,
    by: Actor = None,
    routing_version: RoutingVersion | None = None,
    now: datetime,
) -> TicketChange:
    """Append what happened, in the transaction in which it happens."""
    return TicketChange.objects.create(
        ticket=ticket,
        kind=kind,
        words=words if len(words) <= _LONGEST else words[: _LONGEST - 1] + "…",
        data=data or {},
        by=actor_user(by),
        routing_version=routing_version,
        happened_at=now,
    )
