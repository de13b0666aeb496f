"""Holding a ticket while it is changed, and refusing who has not seen its newest state."""

from django.core.exceptions import ValidationError

from .models import Ticket

# The rows beside its own that its clocks and events ask for.
_BESIDE = ("customer", "team", "service_version", "assignee", "contact")


def locked(ticket: Ticket, *, seen: int | None = None) -> Ticket:
    """The row itself, locked to the end of the transaction, with what belongs to it.

    ValidationError (code `conflict`) where somebody changed it after the state `seen` (its `lock_version`). Always
    the first lock that is taken; those of agents follow. Rows that point to it (a note on a mail that failed) can be
    added meanwhile.
    """
    stored = Ticket.objects.select_related(*_BESIDE).select_for_update(of=("self",), no_key=True).get(pk=ticket.pk)
    if seen is not None and stored.lock_version != seen:
        raise ValidationError(
            "Somebody else changed this ticket meanwhile. Look at it again; what you wrote is still here.",
            code="conflict",
        )
    return stored


def all_locked(*tickets: Ticket) -> list[Ticket]:
    """Several at once, always in the same order, so that no two wait for each other; returned in the order given."""
    held = {one.pk: locked(one) for one in sorted(tickets, key=lambda one: one.pk)}
    return [held[one.pk] for one in tickets]
