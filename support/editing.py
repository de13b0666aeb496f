"""Changing what a ticket says of itself: subject, area, severity, priority, language, tags, whose it is."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from agentfactory_cs.customers.services.checking import check_and_save
from agentfactory_cs.events.services import Actor

from . import levels
from .changes import note_change
from .escalating import escalate_to
from .levels.watching import tell_what_is_due
from .locking import locked
from .models import Escalation, Ticket, TicketChange
from .models.ticket import LanguageSource

EDITABLE = (
    "subject",
    "area",
    "severity",
    "priority",
    "language",
    "tags",
    "customer",
    "contact",
    "requester_name",
    "requester_address",
)


@transaction.atomic
def edit(
    ticket: Ticket, changes: Mapping[str, Any], *, by: Actor = None, seen: int | None = None, now: datetime
) -> Ticket:
    """Change fields of EDITABLE, each noted with what it was. The due times follow; the route stays.

    Made critical, the ticket is escalated. ValidationError names field and reason; `seen` as in `answer`.
    """
    if unknown := sorted(set(changes) - set(EDITABLE)):
        raise ValidationError(dict.fromkeys(unknown, "This cannot be changed here."))
    stored = locked(ticket, seen=seen)
    tell_what_is_due(stored, now=now)
    told = [words for field, value in changes.items() if (words := _set(stored, field, value))]
    if not told:
        return stored
    if stored.contact and stored.contact.customer_id != stored.customer_id:
        raise ValidationError({"contact": "This contact belongs to another customer."})
    if "language" in changes:
        stored.language_source = LanguageSource.GIVEN
    stored.full_clean(validate_constraints=False)
    levels.set_clocks(stored, now=now)
    stored.updated_at = now
    stored.lock_version += 1
    check_and_save(stored)
    note_change(stored, TicketChange.Kind.FIELD, "; ".join(told) + ".", by=by, now=now)
    if "severity" in changes and stored.severity == Ticket.Severity.CRITICAL:
        detail = "Its severity was set to critical."
        escalate_to(stored, reason=Escalation.Reason.CRITICAL, detail=detail, by=by, now=now)
        stored.refresh_from_db()
    return stored


def _set(ticket: Ticket, name: str, value: Any) -> str:
    """Sets one field; says in words what changed, or nothing where it did not."""
    before = _words(ticket, name)
    setattr(ticket, name, value)
    after = _words(ticket, name)
    label = name.replace("_", " ").capitalize()
    return f"{label}: {before} → {after}" if before != after else ""


def _words(ticket: Ticket, name: str) -> str:
    value = getattr(ticket, name)
    display = getattr(ticket, f"get_{name}_display", None)
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return str(display() if display else value) if value not in (None, "") else "none"
