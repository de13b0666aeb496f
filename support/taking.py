"""Taking a ticket oneself, or giving it to a colleague, by hand."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from .assigning import assign_to
from .locking import locked
from .models import Agent, Team, Ticket


@transaction.atomic
def take(ticket: Ticket, *, by: Any, if_free: bool = False, seen: int | None = None, now: datetime) -> Ticket:
    """Make a ticket one's own. ValidationError where one answers none, and for one that is solved.

    With `if_free` only what nobody else has taken meanwhile; `seen` as in `threads.answer`.
    """
    agent = Agent.objects.filter(user=by).first()
    if agent is None:
        raise ValidationError(_("You answer no tickets: a manager makes you one of a team first."))
    held = locked(ticket, seen=seen)
    if if_free and held.assignee and held.assignee != by:
        raise ValidationError(_("taken by %(name)s") % {"name": held.assignee.get_full_name() or held.assignee})
    return give(held, agent, by=by, now=now)


@transaction.atomic
def give(ticket: Ticket, agent: Agent, *, by: Any, seen: int | None = None, now: datetime) -> Ticket:
    """Give a ticket to one of our people; its team stays, one without gets a team of that person's."""
    held = locked(ticket, seen=seen)
    if held.assignee_id == agent.user_id and held.assigned_by_hand:
        raise ValidationError(_("%(name)s has it already") % {"name": agent}, code="conflict")
    return assign_to(held, _team(held, agent), agent=agent, by=by, now=now)


def _team(ticket: Ticket, agent: Agent) -> Team:
    mine = agent.teams.active().order_by("pk").first()
    team = ticket.team or mine or Team.objects.active().filter(takes_the_rest=True).first()
    if team is None:
        raise ValidationError({"team": _("There is no team at work to put it in.")})
    return team
