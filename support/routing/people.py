"""Who is at the desk: read for a look, or locked to give them something."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Q

from agentfactory_cs.customers.days import utc_day
from agentfactory_cs.customers.models import Company

from ..models import Agent, Ticket
from .choosing import Candidate

_READ = (
    "pk",
    "user",
    "user__username",
    "user__first_name",
    "user__last_name",
    "user__staff_profile__languages",
    "user__staff_profile__away_until",
    "capacity",
    "is_present",
    "last_assigned_at",
    "of_teams",
)


def everybody(now: datetime) -> list[Candidate]:
    """All agents whose accounts are active, with their loads; at most three queries."""
    found = without_loads(now)
    return _with_loads(found, loads(one.user for one in found))


def without_loads(now: datetime) -> list[Candidate]:
    """As everybody; nobody's load is counted."""
    teams = ArrayAgg("teams", filter=Q(teams__is_active=True), default=[])
    agents = Agent.objects.filter(user__is_active=True).annotate(of_teams=teams).order_by("pk").values_list(*_READ)
    rows, usual = list(agents), list[str]()
    if any(not row[5] for row in rows):
        usual = [Company.get().default_language]
    return [_candidate(row, usual, now) for row in rows]


def _candidate(row: Sequence, usual: Sequence[str], now: datetime) -> Candidate:
    """Whose languages nobody has entered speaks the company's."""
    pk, user, username, first, last, languages, away_until, capacity, is_present, assigned_at, teams = row
    is_away = away_until is not None and away_until > utc_day(now)
    return Candidate(
        agent=pk,
        user=user,
        name=f"{first} {last}".strip() or username,
        teams=frozenset(teams),
        languages=tuple(languages or usual),
        is_here=is_present and not is_away,
        capacity=capacity,
        last_assigned_at=assigned_at,
    )


def locked(candidates: Collection[Candidate]) -> list[Candidate]:
    """The same as they are now, with their loads, and theirs alone until the transaction ends.

    Locked in the order of their keys, so that two that need the same people wait for one another instead of
    deadlocking; counted after, by a statement of its own, which sees what the one before has given them.
    """
    rows = Agent.objects.select_for_update(no_key=True).filter(pk__in=[one.agent for one in candidates]).order_by("pk")
    now_so = {row.pk: row for row in rows}
    held = [
        replace(
            one,
            is_here=one.is_here and now_so[one.agent].is_present,
            capacity=now_so[one.agent].capacity,
            last_assigned_at=now_so[one.agent].last_assigned_at,
        )
        for one in candidates
        if one.agent in now_so
    ]
    return _with_loads(held, loads(one.user for one in held))


def loads(users: Iterable[int]) -> Mapping[int, int]:
    """How many open tickets wait for each of them; who has none is left out. One query."""
    waiting = Ticket.objects.waiting_for_us().filter(assignee__in=list(users)).order_by()
    return dict(waiting.values_list("assignee").annotate(load=Count("pk")))


def _with_loads(candidates: Iterable[Candidate], load_of: Mapping[int, int]) -> list[Candidate]:
    return [replace(one, load=load_of.get(one.user, 0)) for one in candidates]
