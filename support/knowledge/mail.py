"""Automatic answers go out only while they are still of use."""

from collections.abc import Sequence
from datetime import datetime

from agentfactory_cs.messaging.guards import Guard, guards

from ..models import AutomaticAnswer, Ticket
from .answering import SOURCE


def _why_not(answer_ids: Sequence[int], now: datetime) -> dict[int, str]:
    answers = AutomaticAnswer.objects.filter(pk__in=answer_ids).select_related("ticket")
    return {answer.pk: reason for answer in answers if (reason := _objection(answer.ticket))}


def _objection(ticket: Ticket) -> str:
    """What may have happened while the mail waited."""
    if ticket.is_escalated:
        return "The ticket was escalated before it could go out."
    if ticket.first_response_at:
        return "A person answered before it could go out."
    return "The ticket was merged before it could go out." if ticket.merged_into_id else ""


guards.register(Guard(SOURCE, _why_not))
