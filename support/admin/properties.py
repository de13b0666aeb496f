"""What a ticket says of itself, changed in place, with the clocks that follow from it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _now

from ..assigning import assign_to, release
from ..editing import edit
from ..levels.running import running
from ..locking import locked
from ..models import Agent, Area, Team, Ticket
from ..models.ticket import Priority
from ..moving import move
from ..taking import give, take
from .at_ticket import MAY_WORK, AtTicket, seen_by
from .queue_filters import LANGUAGES

# change(ticket, value, by=, seen=, now=)
Change = Callable[..., Any]
Status = Ticket.Status


def _edited(field: str, read: Callable[[str], Any] = str) -> Change:
    return lambda ticket, value, **told: edit(ticket, {field: read(value)}, **told)


def _priority(value: str) -> int:
    if value not in {str(one) for one in Priority.values}:
        raise ValidationError({"priority": _now("There is no such priority.")})
    return int(value)


def _area(value: str) -> Area | None:
    return Area.objects.filter(key=value).first() if value else None


def _tags(value: str) -> list[str]:
    return list(dict.fromkeys(tag for part in value.split(",") if (tag := part.strip())))


@transaction.atomic
def _assign(ticket: Ticket, value: str, *, by: Any, seen: int, now: datetime) -> None:
    held = locked(ticket, seen=seen)
    if not value:
        release(held, by=by, now=now)
        return
    agent = Agent.objects.filter(pk=value if value.isdecimal() else 0).first()
    if agent is None:
        raise ValidationError({"assignee": _now("There is nobody of that name at the desk any more.")})
    give(held, agent, by=by, now=now)


@transaction.atomic
def _team(ticket: Ticket, value: str, *, by: Any, seen: int, now: datetime) -> None:
    team = Team.objects.active().filter(key=value).first()
    if team is None:
        raise ValidationError({"team": _now("There is no such team at work.")})
    assign_to(locked(ticket, seen=seen), team, by=by, now=now)


CHANGES: Mapping[str, Change] = {
    "status": lambda ticket, value, **told: move(ticket, value, **told),
    "assignee": _assign,
    "team": _team,
    "severity": _edited("severity"),
    "priority": _edited("priority", _priority),
    "area": _edited("area", _area),
    "language": _edited("language"),
    "tags": _edited("tags", _tags),
    "subject": _edited("subject", str.strip),
}


class Properties(AtTicket):
    """Mixed into the tickets' admin. Each answer is the properties as they stand then, and why where it was refused."""

    def properties(self, request: HttpRequest, ticket: Ticket) -> dict[str, Any]:
        agents = list(Agent.objects.filter(user__is_active=True).select_related("user").prefetch_related("teams"))
        of_team = [one for one in agents if ticket.team in one.teams.all()]
        return {
            "ticket": ticket,
            "clocks": running(ticket),
            "may_work": request.user.has_perm(MAY_WORK),
            "statuses": [ticket.status, *Ticket.TRANSITIONS[Status(ticket.status)]],
            "Status": Status,
            "of_team": of_team,
            "of_others": [one for one in agents if one not in of_team],
            "teams": Team.objects.active(),
            "areas": Area.objects.filter(is_active=True),
            "severities": Ticket.Severity.choices,
            "priorities": Priority.choices,
            "languages": _languages(ticket),
        }

    def set_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Change one of CHANGES; what somebody else changed meanwhile is not overwritten."""
        change = CHANGES.get(request.POST.get("field", ""))
        value = request.POST.get("value", "")
        return self._changed(request, pk, change or _nothing, value)

    def take_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._changed(request, pk, lambda ticket, value, **told: take(ticket, **told), "")

    def _changed(self, request: HttpRequest, pk: int, change: Change, value: str) -> HttpResponse:
        ticket, told = self.worked_on(request, pk), {}
        try:
            change(ticket, value, by=request.user, seen=seen_by(request), now=timezone.now())
        except ValidationError as refusal:
            told["refusal"] = " ".join(refusal.messages)
        now_is = self.ticket_of(pk)
        # The buttons of the box follow the status, so they are in the answer too.
        context = {**self.properties(request, now_is), **self.box(request, now_is), **told, "is_answer": True}  # type: ignore[attr-defined]
        return TemplateResponse(request, "admin/support/properties.html", context)


def _nothing(ticket: Ticket, value: str, **told: Any) -> None:
    raise ValidationError(_now("This cannot be changed here."))


def _languages(ticket: Ticket) -> list[tuple[str, Any]]:
    """Those with a name, and the ticket's own whatever it is."""
    named: list[tuple[str, Any]] = list(LANGUAGES)
    return named if ticket.language in dict(named) else [(ticket.language, ticket.language), *named]
