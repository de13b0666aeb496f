"""What others ask of support."""

from datetime import datetime

from django.utils import timezone

from agentfactory_cs.events.services import Actor

from . import assigning, escalating
from .assigning import Decision
from .models import Escalation, Team, Ticket


def route_ticket(ticket: Ticket, *, by: Actor = None, now: datetime | None = None) -> Decision:
    """Find its team, and who of them takes it, by the rules in force; what was decided, rule by rule.

    A person's assignment is left alone.
    """
    return assigning.route_ticket(ticket, by=by, now=now or timezone.now())


def assign_to(ticket: Ticket, team: Team, *, by: Actor = None, now: datetime | None = None) -> Ticket:
    """Give it to a team, and there to who speaks the language, has room, and has the fewest tickets."""
    return assigning.assign_to(ticket, team, by=by, now=now or timezone.now())


def escalate_to(
    ticket: Ticket,
    team: Team,
    *,
    reason: str = Escalation.Reason.HAND,
    detail: str = "By hand.",
    by: Actor = None,
    now: datetime | None = None,
) -> Escalation | None:
    """Bring it before a team, once a reason; None where that was done before."""
    return escalating.escalate_to(ticket, team, reason=reason, detail=detail, by=by, now=now or timezone.now())
