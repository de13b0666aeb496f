"""How much lies before the desk, and how well it keeps its promises."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Count, Min, Q, QuerySet

from agentfactory_cs.customers.queries import in_scope

from .models import Ticket
from .models.ticket import TicketStatus


@dataclass(frozen=True)
class Load:
    """What is unsolved now. `oldest_free_at`: since when the longest of those that nobody has waits."""

    waiting_for_us: int
    waiting_for_customer: int
    unassigned: int
    overdue: int
    escalated: int
    oldest_free_at: datetime | None


@dataclass(frozen=True)
class Kept:
    """Of the tickets opened within a period: how many missed a promise (first response or resolution)."""

    opened: int
    missed: int

    @property
    def share(self) -> float | None:
        """Missed ÷ opened, in percent; None where none was opened."""
        return 100 * self.missed / self.opened if self.opened else None


def load(filters: Mapping[str, str], now: datetime) -> Load:
    """Over the customers that the dashboard's filters leave (and strangers, where there are none); one query."""
    free = Q(assignee=None, status__in=(TicketStatus.NEW, TicketStatus.OPEN))
    found = _of(Ticket.objects.unsolved(), filters).aggregate(
        waiting_for_us=Count("pk", Q(status__in=(TicketStatus.NEW, TicketStatus.OPEN))),
        waiting_for_customer=Count("pk", Q(status=TicketStatus.PENDING)),
        unassigned=Count("pk", free),
        overdue=Count("pk", Q(due_at__lte=now)),
        escalated=Count("pk", Q(is_escalated=True)),
        oldest_free_at=Min("created_at", filter=free),
    )
    return Load(**found)


def kept(since: date, until: date, filters: Mapping[str, str]) -> Kept:
    """Of those opened on the days from `since` to `until` (UTC), both included; one query."""
    begin = datetime.combine(since, time(0), UTC)
    opened = Ticket.objects.filter(
        created_at__gte=begin, created_at__lt=datetime.combine(until + timedelta(days=1), time(0), UTC)
    )
    missed = Q(told__overlap=["first_response.breached", "resolution.breached"])
    return Kept(**_of(opened, filters).aggregate(opened=Count("pk"), missed=Count("pk", missed)))


def _of(tickets: QuerySet[Ticket], filters: Mapping[str, str]) -> QuerySet[Ticket]:
    return tickets.filter(customer__in=in_scope(filters)) if filters else tickets
