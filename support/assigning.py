"""Giving tickets to teams and people.

The tickets are locked first, then the people who come into question, in the order of their keys; how much each has is
counted under their locks. So nobody is given more than they take, however many tickets arrive at the same instant.
Whom a person has given a ticket to keeps it, whatever routing would do.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from agentfactory_cs.events.services import Actor, actor_label, actor_user

from . import escalating, levels
from .changes import note_change
from .models import Agent, Team, Ticket, TicketChange
from .models.ticket import Priority
from .routing import choosing, deciding, people, versions, words
from .routing.choosing import Candidate, Choice, Why
from .routing.deciding import Plan

Kind = TicketChange.Kind
# So many waiting tickets are handed out in one transaction: more would keep everybody's row locked for long.
BATCH = 200
_OF_ROUTING = (
    "team",
    "priority",
    "tags",
    "assignee",
    "assigned_by_hand",
    "lock_version",
    "updated_at",
    *levels.CLOCK_FIELDS,
)


@dataclass(frozen=True)
class Decision:
    """What routing made of a ticket, in words and in parts."""

    ticket: Ticket
    plan: Plan
    choice: Choice
    words: str


@dataclass(frozen=True)
class Handed:
    """How many tickets found somebody, and how many did not, by the reason."""

    given: int
    left: Mapping[str, int]


@transaction.atomic
def route_ticket(ticket: Ticket, *, by: Actor = None, now: datetime) -> Decision:
    """The whole of routing: rules, team, priority, tags, somebody to answer it, and escalation; the trace goes on the
    ticket. Said again, it starts from the same team: whom a person chose, or gave it to, stays.

    The ticket handed in is brought up to date. ValidationError (conflict) where it is solved.
    """
    row = _held(ticket)
    before = row.team
    route = _find(row, deciding.start_of(row), now)
    _keep_hours(row, before, now)
    row.updated_at = now
    row.save(update_fields=_OF_ROUTING)
    note_route(row, route, by=by, now=now)
    _bring_up_to_date(ticket, row)
    return Decision(ticket, route.plan, route.choice, route.words)


@dataclass(frozen=True)
class Route:
    """Where a ticket goes, before that is written down."""

    plan: Plan
    choice: Choice

    @property
    def words(self) -> str:
        return words.decided(self.plan, self.choice)


def find_route(ticket: Ticket, *, now: datetime) -> Route:
    """Put team, priority, tags and assignee on a ticket that is about to be stored for the first time.

    Whoever comes into question is locked; `note_route` follows in the same transaction. A ticket nobody has seen needs
    no lock, and has no trace to read: that saves a quarter of the statements of opening one.
    """
    return _find(ticket, deciding.beginning_of(ticket), now)


def _find(row: Ticket, start: deciding.Start, now: datetime) -> Route:
    plan = deciding.plan(deciding.subject_of(row), start, versions.in_force(), deciding.Desk.open())
    _apply(row, plan)
    choice = _choice_for(row, now)
    if choice.candidate:
        row.assignee_id, row.assigned_by_hand = choice.candidate.user, False
    return Route(plan, choice)


def note_route(row: Ticket, route: Route, *, by: Actor = None, now: datetime) -> None:
    """Write down how a stored ticket came to where it is, and escalate what the rules escalate."""
    if route.choice.candidate:
        Agent.objects.filter(pk=route.choice.candidate.agent).update(last_assigned_at=now)
    data = route.plan.data() | {"assignment": _told(route.choice)}
    version = route.plan.version
    note_change(row, Kind.ROUTED, route.words, data=data, by=by, routing_version=version, now=now)
    escalating.on_routed(row, route.plan.outcome.escalations, now=now)


def _keep_hours(row: Ticket, before: Team | None, now: datetime) -> None:
    """The due times follow the hours of the team that has it now."""
    if (before.calendar_id if before else None) != (row.team.calendar_id if row.team else None):
        levels.set_clocks(row, now=now)


def _apply(row: Ticket, plan: Plan) -> None:
    row.team = plan.team
    if plan.outcome.priority:
        row.priority = Priority[plan.outcome.priority.upper()]
    row.tags = [*row.tags, *(tag for tag in plan.outcome.tags if tag not in row.tags)]


def _choice_for(row: Ticket, now: datetime) -> Choice:
    if row.assignee_id and row.assigned_by_hand:
        return Choice(None, Why.BY_HAND)
    if row.team is None:
        return Choice(None, Why.NO_TEAM)
    if row.assignee_id and row.team.agents.filter(user=row.assignee_id).exists():
        return Choice(None, Why.KEPT)
    row.assignee = None
    [choice] = _choices([row], now)
    return choice


def _choices(rows: Sequence[Ticket], now: datetime) -> list[Choice]:
    """Who gets each of them, in their order; those who come into question are locked from here on."""
    found = people.without_loads(now)
    asked = [choosing.suited(found, row.team_id or 0, row.language)[0] for row in rows]
    held = {one.agent: one for one in people.locked({one.agent: one for some in asked for one in some}.values())}
    # Whoever was not asked for was not locked: only those who were can be chosen.
    found = [held.get(one.agent, replace(one, capacity=0)) for one in found]
    return [_chosen(found, row, now) for row in rows]


def _chosen(found: list[Candidate], row: Ticket, now: datetime) -> Choice:
    choice = choosing.choose(found, row.team_id or 0, row.language)
    if choice.candidate:
        place = found.index(choice.candidate)
        found[place] = replace(choice.candidate, load=choice.candidate.load + 1, last_assigned_at=now)
    return choice


def _give(row: Ticket, choice: Choice, now: datetime) -> None:
    if choice.candidate:
        row.assignee_id, row.assigned_by_hand = choice.candidate.user, False
        Agent.objects.filter(pk=choice.candidate.agent).update(last_assigned_at=now)
    row.updated_at = now
    row.save(update_fields=_OF_ROUTING)


@transaction.atomic
def assign_to(
    ticket: Ticket, team: Team, *, agent: Agent | None = None, by: Actor = None, reason: str = "", now: datetime
) -> Ticket:
    """Give a ticket to a team, and to one of our people; without one it finds somebody of the team as routing does.

    A person may give more than somebody takes, and to somebody who is away: that is for good, as is the team. Nobody's
    (`by` None) choice stands until routing is asked again. ValidationError where it is solved, or the team or the
    person is not at work.
    """
    row = _held(ticket)
    _require_at_work(team, agent)
    before, row.team = row.team, team
    _keep_hours(row, before, now)
    choice = _by_hand(row, agent) if agent else _anew(row, now)
    row.assigned_by_hand = by is not None if agent else choice.why is Why.BY_HAND
    row.lock_version += by is not None
    _give_by_hand(row, agent, now) if agent else _give(row, choice, now)
    told = _assigned_words(row, choice, agent, by, reason)
    data: dict[str, Any] = {"team": team.key, "assignment": _told(choice), "reason": reason}
    if by is not None:
        data["start"] = deciding.Start(team.key, is_fixed=True).data()
    note_change(row, Kind.ASSIGNED, told, data=data, by=by, now=now)
    _bring_up_to_date(ticket, row)
    return ticket


def _require_at_work(team: Team, agent: Agent | None) -> None:
    if not team.is_active:
        raise ValidationError({"team": _("%(team)s is not at work.") % {"team": team}})
    if agent and not agent.user.is_active:
        raise ValidationError({"agent": _("The account of %(agent)s is closed.") % {"agent": agent}})


def _by_hand(row: Ticket, agent: Agent) -> Choice:
    """Locks the agent, so that routing counts this ticket when it next looks for room."""
    Agent.objects.select_for_update(no_key=True).get(pk=agent.pk)
    row.assignee = agent.user
    return Choice(None, Why.BY_HAND)


def _anew(row: Ticket, now: datetime) -> Choice:
    """Whom a person gave it to keeps it only within the new team."""
    assert row.team
    if row.assignee_id and not row.team.agents.filter(user=row.assignee_id).exists():
        row.assignee, row.assigned_by_hand = None, False
    return _choice_for(row, now)


def _give_by_hand(row: Ticket, agent: Agent, now: datetime) -> None:
    Agent.objects.filter(pk=agent.pk).update(last_assigned_at=now)
    row.updated_at = now
    row.save(update_fields=_OF_ROUTING)


def _assigned_words(row: Ticket, choice: Choice, agent: Agent | None, by: Actor, reason: str) -> str:
    assert row.team
    to = _("Given to %(agent)s.") % {"agent": agent} if agent else words.to_whom(choice, row.team.name, row.language)
    told = _("%(who)s moved it to %(team)s. %(to)s") % {"who": actor_label(by), "team": row.team, "to": to}
    return f"{told} {reason}".strip()


@transaction.atomic
def release(ticket: Ticket, *, by: Actor = None, reason: str = "", now: datetime) -> Ticket:
    """Take a ticket from whoever has it: it waits in its team until it is handed out again."""
    row = _held(ticket)
    if row.assignee_id is None:
        raise ValidationError(_("Nobody has this ticket."), code="conflict")
    told = _("%(who)s took it from %(agent)s. %(reason)s")
    told %= {"who": actor_label(by), "agent": _name(row.assignee), "reason": reason}
    row.assignee, row.assigned_by_hand, row.updated_at = None, False, now
    row.lock_version += by is not None
    row.save(update_fields=_OF_ROUTING)
    note_change(row, Kind.ASSIGNED, told.strip(), data={"reason": reason}, by=by, now=now)
    _bring_up_to_date(ticket, row)
    return ticket


@transaction.atomic
def reassign(
    ticket_ids: Iterable[int], *, agent: Agent | None = None, by: Actor = None, reason: str = "", now: datetime
) -> Handed:
    """Give many tickets to one of our people, or (None) anew to whoever of their teams has room; a fixed number of
    queries. Those that are solved, or that the person has already, are left, and counted by the reason."""
    found = Ticket.objects.select_for_update(of=("self",)).select_related("team")
    rows = list(found.filter(pk__in=sorted(set(ticket_ids))).order_by("pk"))
    open_rows = [row for row in rows if row.status in Ticket.UNSOLVED]
    left = {_("solved"): len(rows) - len(open_rows)}
    if agent:
        _require_open_account(agent)
        chosen = [row for row in open_rows if row.assignee_id != agent.user_id]
        left[_("theirs already")] = len(open_rows) - len(chosen)
        given = _all_to(chosen, agent, by=by, reason=reason, now=now)
    else:
        handed = _hand_all([row for row in open_rows if row.team], by=by, reason=reason, now=now)
        given = handed.given
        left |= {_("no team"): sum(row.team is None for row in open_rows), **handed.left}
    return Handed(given, {why: count for why, count in left.items() if count})


def _require_open_account(agent: Agent) -> None:
    if not agent.user.is_active:
        raise ValidationError({"agent": _("The account of %(agent)s is closed.") % {"agent": agent}})


def _all_to(rows: Sequence[Ticket], agent: Agent, *, by: Actor, reason: str, now: datetime) -> int:
    Agent.objects.select_for_update(no_key=True).get(pk=agent.pk)
    for row in rows:
        row.assignee, row.assigned_by_hand = agent.user, by is not None
        row.lock_version += by is not None
    told = f"{_('Given to %(agent)s.') % {'agent': agent}} {reason}".strip()
    _store(rows, [told] * len(rows), by=by, now=now)
    Agent.objects.filter(pk=agent.pk).update(last_assigned_at=now)
    return len(rows)


@transaction.atomic
def hand_out(*, now: datetime) -> Handed:
    """Give what waits for somebody to those who have room by now, the most urgent first; a fixed number of queries.

    Only tickets for which there is somebody are taken up, so that those for which there is nobody hold up no other.
    Tickets that another worker has in hand are left to it.
    """
    waiting = Ticket.objects.waiting_for_us().filter(assignee=None, team__is_active=True)
    kinds = list(waiting.order_by().values_list("team", "language").distinct())
    found = people.everybody(now) if kinds else []
    served = [Q(team=team, language=language) for team, language in kinds if _can_go(found, team, language)]
    if not served:
        return Handed(0, {})
    fitting = waiting.filter(Q(*served, _connector=Q.OR)).select_related("team").order_by("-priority", "pk")
    return _hand_all(list(fitting.select_for_update(skip_locked=True, of=("self",))[:BATCH]), now=now)


def _can_go(found: Sequence[Candidate], team: int, language: str) -> bool:
    return choosing.choose(found, team, language).candidate is not None


def _hand_all(rows: Sequence[Ticket], *, by: Actor = None, reason: str = "", now: datetime) -> Handed:
    """To those of their teams who have room; who is given none keeps whom it has. All have a team."""
    choices = _choices(rows, now) if rows else []
    given: list[tuple[Ticket, str]] = []
    left: Counter[str] = Counter()
    for row, choice in zip(rows, choices, strict=True):
        told = words.to_whom(choice, row.team.name if row.team else "", row.language)
        if choice.candidate is None:
            left[told] += 1
            continue
        row.assignee_id, row.assigned_by_hand = choice.candidate.user, False
        row.lock_version += by is not None
        given.append((row, f"{told} {reason}".strip()))
    _store([row for row, _told in given], [told for _row, told in given], by=by, now=now)
    chosen = {choice.candidate.agent for choice in choices if choice.candidate}
    Agent.objects.filter(pk__in=chosen).update(last_assigned_at=now)
    return Handed(len(given), left)


def _store(rows: Sequence[Ticket], told: Sequence[str], *, by: Actor, now: datetime) -> None:
    for row in rows:
        row.updated_at = now
    Ticket.objects.bulk_update(rows, ("assignee", "assigned_by_hand", "lock_version", "updated_at"))
    TicketChange.objects.bulk_create(
        TicketChange(ticket=row, kind=Kind.ASSIGNED, words=said[:400], by=actor_user(by), happened_at=now)
        for row, said in zip(rows, told, strict=True)
    )


def _held(ticket: Ticket) -> Ticket:
    """The row as it is now, locked. ValidationError (conflict) where it is solved."""
    rows = Ticket.objects.select_for_update(of=("self",)).select_related(
        "team", "area", "customer", "assignee", "service_version"
    )
    row = rows.get(pk=ticket.pk)
    if row.status not in Ticket.UNSOLVED:
        words = _("Ticket #%(ticket)s is %(status)s: it is given to nobody.")
        told = {"ticket": row.pk, "status": str(row.get_status_display()).lower()}
        raise ValidationError(words, params=told, code="conflict")
    return row


def _bring_up_to_date(ticket: Ticket, row: Ticket) -> None:
    for name in (*_OF_ROUTING, "is_escalated"):
        setattr(ticket, name, getattr(row, name))


def _told(choice: Choice) -> dict[str, Any]:
    who = {"user": choice.candidate.user, "name": choice.candidate.name} if choice.candidate else {}
    return {"why": choice.why.value, "among": choice.among, **who}


def _name(user: Any) -> str:
    return user.get_full_name() or user.get_username()
