"""What would happen to a ticket: everything routing does, and nothing of it done."""

from dataclasses import dataclass
from datetime import datetime

from ..models import RoutingVersion, Ticket
from . import choosing, deciding, people, words
from .choosing import Choice, Why
from .deciding import Plan, Start
from .rules import Subject
from .words import Line


@dataclass(frozen=True)
class Trial:
    """The answer: where it would go, who would get it at this moment, and why, rule by rule."""

    plan: Plan
    choice: Choice
    words: str
    lines: list[Line]

    @property
    def escalations(self) -> list[str]:
        return [f"{rule.name}: {told}" for rule, told in self.plan.outcome.escalations]


def of_subject(subject: Subject, start: Start, version: RoutingVersion | None, *, now: datetime) -> Trial:
    """At most five queries."""
    desk = deciding.Desk.open()
    plan = deciding.plan(subject, start, version, desk)
    choice = _choice(plan, now)
    names = {key: team.name for key, team in desk.teams.items()}
    told = words.decided(plan, choice)
    return Trial(plan, choice, told, words.lines([step.data() for step in plan.outcome.steps], names))


def of_ticket(ticket: Ticket, version: RoutingVersion | None, *, now: datetime) -> Trial:
    """As if it arrived now; whom a person gave it to is left out of account."""
    return of_subject(deciding.subject_of(ticket), deciding.start_of(ticket), version, now=now)


def _choice(plan: Plan, now: datetime) -> Choice:
    if plan.team is None:
        return Choice(None, Why.NO_TEAM)
    return choosing.choose(people.everybody(now), plan.team.pk, plan.subject.language)
