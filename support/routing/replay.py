"""Other rules played over the newest tickets: which of them would have gone elsewhere. Nothing is written."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Subquery

from ..models import RoutingVersion, Ticket, TicketChange
from . import deciding
from .deciding import Desk, Plan, Start
from .rules import Subject

MOST = 1_000
EXAMPLES = 10
_READ = ("pk", "subject", "area__key", "severity", "customer__tier", "language", "created_at", "start")


@dataclass(frozen=True)
class Flow:
    """How many tickets go from one team to another; the same one: they stay."""

    was: str
    becomes: str
    tickets: int

    @property
    def stays(self) -> bool:
        return self.was == self.becomes


@dataclass(frozen=True)
class Example:
    """A ticket that would go elsewhere, and by which rule."""

    ticket: int
    subject: str
    was: str
    becomes: str
    rule: str


@dataclass(frozen=True)
class Replay:
    """What other rules would have made of the newest tickets, against the rules in force. Counts are of tickets."""

    tickets: int
    since: datetime | None
    flows: Sequence[Flow]
    examples: Sequence[Example]
    other_priority: int
    escalated_before: int
    escalated_after: int

    @property
    def elsewhere(self) -> int:
        return sum(flow.tickets for flow in self.flows if not flow.stays)

    @property
    def moves(self) -> list[Flow]:
        """The flows between two teams, the largest first."""
        return [flow for flow in self.flows if not flow.stays]

    @property
    def teams(self) -> list[str]:
        """Every team of a flow, by name."""
        return sorted({flow.was for flow in self.flows} | {flow.becomes for flow in self.flows})

    def matrix(self) -> list[tuple[str, list[tuple[int, bool]]]]:
        """A row for each team that had tickets: how many go to each of `teams`, and whether they stay."""
        count = {(flow.was, flow.becomes): flow.tickets for flow in self.flows}
        rows = [team for team in self.teams if any(flow.was == team for flow in self.flows)]
        return [(row, [(count.get((row, team), 0), row == team) for team in self.teams]) for row in rows]


def replay(before: RoutingVersion | None, after: RoutingVersion, *, most: int = MOST) -> Replay:
    """Play `after` over the newest `most` tickets, held against `before`. Two queries.

    Each ticket is judged as it is now: its area, severity, language, its customer's tier, and the team that a person
    chose or that it was sent to.
    """
    rows, desk = _tickets(most), Desk.open()
    pairs = [(row, _plan(row, before, desk), _plan(row, after, desk)) for row in rows]
    flows = Counter((_team(old), _team(new)) for _row, old, new in pairs)
    return Replay(
        tickets=len(rows),
        since=rows[-1]["created_at"] if rows else None,
        flows=[Flow(was, becomes, count) for (was, becomes), count in flows.most_common()],
        examples=list(_examples(pairs))[:EXAMPLES],
        other_priority=sum(old.outcome.priority != new.outcome.priority for _row, old, new in pairs),
        escalated_before=sum(bool(old.outcome.escalations) for _row, old, _new in pairs),
        escalated_after=sum(bool(new.outcome.escalations) for _row, _old, new in pairs),
    )


def _tickets(most: int) -> list[dict[str, Any]]:
    kinds = (TicketChange.Kind.ROUTED, TicketChange.Kind.ASSIGNED)
    traces = TicketChange.objects.filter(ticket=OuterRef("pk"), kind__in=kinds, data__has_key="start")
    start = Subquery(traces.order_by("-pk").values("data__start")[:1])
    newest = Ticket.objects.filter(merged_into=None).annotate(start=start).order_by("-pk")
    return list(newest.values(*_READ)[:most])


def _plan(row: Mapping[str, Any], version: RoutingVersion | None, desk: Desk) -> Plan:
    subject = Subject(row["area__key"], row["severity"], row["customer__tier"], row["language"])
    start = row["start"] or {"team": None, "fixed": False}
    return deciding.plan(subject, Start(start["team"], start["fixed"]), version, desk)


def _examples(pairs: Sequence[tuple[Mapping[str, Any], Plan, Plan]]) -> Iterator[Example]:
    for row, old, new in pairs:
        if _team(old) != _team(new):
            yield Example(row["pk"], row["subject"], _team(old), _team(new), new.outcome.rule)


def _team(plan: Plan) -> str:
    return plan.team.name if plan.team else "–"
