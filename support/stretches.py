"""Starting and stopping a ticket's resolution clock."""

from datetime import datetime

from .models import ClockStretch, Ticket


def start(ticket: Ticket, *, now: datetime) -> None:
    """Let it run from now; nothing where it runs already."""
    if not ticket.stretches.filter(until=None).exists():
        ClockStretch.objects.create(ticket=ticket, since=now)


def stop(ticket: Ticket, *, now: datetime) -> None:
    ticket.stretches.filter(until=None).update(until=now)
