"""Whether the mails of following up, and the survey, are still wanted: asked at the moment of sending."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from agentfactory_cs.messaging.guards import Guard, guards

from ..models import Ticket
from .letters import SOURCE


def why_not(ticket_ids: Sequence[int], now: datetime) -> Mapping[int, str]:
    """Whose ticket is open again has the word, and so have we. One query."""
    rows = Ticket.objects.filter(pk__in=ticket_ids).values_list("pk", "status", "merged_into")
    return {pk: reason for pk, status, merged in rows if (reason := _objection(status, merged))}


def _objection(status: str, merged_into: int | None) -> str:
    if merged_into:
        return f"The ticket was merged into #{merged_into}."
    return "The ticket is open again." if status in (Ticket.Status.NEW, Ticket.Status.OPEN) else ""


guards.register(Guard(SOURCE, why_not))
