"""What routing would make of a ticket: read from the rules and the teams, nothing written."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..models import RoutingVersion, Team, Ticket, TicketChange
from . import rules, versions

Kind = TicketChange.Kind


@dataclass(frozen=True)
class Start:
    """The team a ticket has before the first rule; for good where a person chose it, or it was sent to its address."""

    team: str | None = None
    is_fixed: bool = False

    def data(self) -> dict[str, Any]:
        return {"team": self.team, "fixed": self.is_fixed}


@dataclass(frozen=True)
class Desk:
    """The teams at work."""

    teams: Mapping[str, Team]

    @classmethod
    def open(cls) -> "Desk":
        return cls({team.key: team for team in Team.objects.active()})

    def team(self, key: str | None) -> Team | None:
        """The team of that key, else the one that takes the rest."""
        rest = next((team for team in self.teams.values() if team.takes_the_rest), None)
        return self.teams.get(key or "", rest)


@dataclass(frozen=True)
class Plan:
    """Where the rules send a ticket, and how they came to it. `version` is None where no rules are published."""

    subject: rules.Subject
    start: Start
    version: RoutingVersion | None
    outcome: rules.Outcome
    team: Team | None

    def data(self) -> dict[str, Any]:
        """The trace, as the ticket keeps it."""
        return {
            "start": self.start.data(),
            "ticket": {name: getattr(self.subject, name) for name in ("area", "severity", "tier", "language")},
            "rules": [step.data() for step in self.outcome.steps],
            "team": self.team.key if self.team else None,
            "team_by": self.outcome.team_by,
            "priority": self.outcome.priority,
            "tags": list(self.outcome.tags),
        }


def plan(subject: rules.Subject, start: Start, version: RoutingVersion | None, desk: Desk) -> Plan:
    routing = versions.routing_of(version) if version else rules.Routing(())
    team = start.team if start.team in desk.teams else None
    outcome = rules.route(routing, subject, teams=desk.teams, team=team, team_is_fixed=start.is_fixed and bool(team))
    return Plan(subject, start, version, outcome, desk.team(outcome.team))


def subject_of(ticket: Ticket) -> rules.Subject:
    """Of a ticket read with its area and customer."""
    return rules.Subject(
        area=ticket.area.key if ticket.area else None,
        severity=ticket.severity,
        tier=ticket.customer.tier if ticket.customer else None,
        language=ticket.language,
    )


def start_of(ticket: Ticket) -> Start:
    """Where a ticket began: what its newest trace or a person's choice says, else the team it came with, for good.
    One query."""
    changes = TicketChange.objects.filter(ticket=ticket, kind__in=(Kind.ROUTED, Kind.ASSIGNED), data__has_key="start")
    told = changes.order_by("-pk").values_list("data__start", flat=True).first()
    return beginning_of(ticket) if told is None else Start(told["team"], told["fixed"])


def beginning_of(ticket: Ticket) -> Start:
    """Of a ticket that was never routed: the team whose address it was sent to, for good."""
    return Start(ticket.team.key, is_fixed=True) if ticket.team else Start()
