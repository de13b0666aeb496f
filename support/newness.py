"""What became of a ticket since somebody looked at it, so that nobody answers what they have not read."""

from collections.abc import Sequence
from dataclasses import dataclass

from .models import Message, Ticket, TicketChange


@dataclass(frozen=True)
class Since:
    """The messages and changes that came after those a page has shown, oldest first."""

    messages: Sequence[Message]
    changes: Sequence[TicketChange]

    def __bool__(self) -> bool:
        return bool(self.messages or self.changes)


def since(ticket: Ticket, message: int, change: int) -> Since:
    """After the message and the change of these keys; two queries."""
    return Since(
        list(ticket.messages.filter(pk__gt=message).order_by("pk")[:20]),
        list(ticket.changes.filter(pk__gt=change).select_related("by").order_by("pk")[:20]),
    )
