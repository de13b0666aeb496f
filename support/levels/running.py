"""Which of a ticket's promises are due, read from its row: nothing is reckoned here."""

from dataclasses import dataclass
from datetime import datetime

from ..models import Ticket
from .rules import Clock


@dataclass(frozen=True)
class Running:
    """A clock that runs, or ran out: due at a moment."""

    clock: Clock
    due_at: datetime

    def is_over(self, now: datetime) -> bool:
        return self.due_at <= now


def running(ticket: Ticket) -> list[Running]:
    """Those of a ticket, what is due first on top; none while it waits for the customer or is solved."""
    dues = ((clock, getattr(ticket, f"{clock}_due_at")) for clock in Clock)
    return sorted((Running(clock, due_at) for clock, due_at in dues if due_at), key=lambda one: one.due_at)
