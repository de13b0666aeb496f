"""What follows next on a ticket, kept on its row: computed whenever its state changes, never on reading."""

from datetime import datetime

from ..models import Ticket
from .rules import Next, Standing, Step, next_step

Status = Ticket.Status
# What planning writes.
FIELDS = ("pending_since", "followed", "followed_at", "follow_up_at")


def begin(ticket: Ticket, *, now: datetime) -> None:
    """Its state has just changed: what follows the new one begins, unsaved. What is closed goes on as it was."""
    ticket.pending_since = now if ticket.status == Status.PENDING else None
    if ticket.status != Status.CLOSED:
        ticket.followed, ticket.followed_at = [], None
    plan(ticket)


def done(ticket: Ticket, step: Step, *, now: datetime) -> None:
    """That step was done, unsaved."""
    ticket.followed, ticket.followed_at = [*ticket.followed, step.value], now
    plan(ticket)


def plan(ticket: Ticket) -> None:
    following = coming(ticket)
    ticket.follow_up_at = following.at if following else None


def coming(ticket: Ticket) -> Next | None:
    """What follows next, and when."""
    return next_step(
        Standing(
            status=ticket.status,
            pending_since=ticket.pending_since,
            resolved_at=ticket.resolved_at,
            done=ticket.followed,
            done_at=ticket.followed_at,
            is_merged=ticket.merged_into_id is not None,
        )
    )
