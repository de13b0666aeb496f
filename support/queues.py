"""The queues in which people find what to work on: which tickets are in each, how many, and which comes next."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.counting import capped_counts
from agentfactory_cs.console.registry import Words

from .models import Agent, Team, Ticket
from .models.ticket import TicketQuerySet, TicketStatus

# What is due within so long, round the clock, is looked at before all else.
SOON = timedelta(hours=4)
DUE_FIRST = ("due_at", "-priority", "id")


@dataclass(frozen=True)
class Queue:
    """One of them. `of(tickets, user, now)` are its tickets, found by an index; `ordering` is how they are worked."""

    key: str
    title: Words
    words: Words
    of: Callable[[TicketQuerySet, Any, datetime], TicketQuerySet]
    ordering: Sequence[str] = DUE_FIRST
    is_counted: bool = True


QUEUES: Sequence[Queue] = (
    Queue(
        "mine",
        _("Mine"),
        _("yours, what is due first on top"),
        lambda tickets, user, now: tickets.unsolved().filter(assignee=user),
    ),
    Queue(
        "team",
        _("My team"),
        _("of your teams, what is due first on top"),
        lambda tickets, user, now: tickets.unsolved().filter(team__in=Team.objects.filter(agents__user=user)),
    ),
    Queue(
        "unassigned",
        _("Unassigned"),
        _("nobody has them; what is due first on top"),
        lambda tickets, user, now: tickets.unsolved().waiting_for_us().filter(assignee=None),
    ),
    Queue(
        "breaching",
        _("Breaching next"),
        _("overdue, or due within 4 hours"),
        lambda tickets, user, now: tickets.unsolved().filter(due_at__lte=now + SOON),
    ),
    Queue(
        "waiting",
        _("Waiting for customer"),
        _("longest without a word on top"),
        lambda tickets, user, now: tickets.filter(status=TicketStatus.PENDING),
        ("updated_at", "id"),
    ),
    Queue(
        "escalated",
        _("Escalated"),
        _("before the senior team; what is due first on top"),
        lambda tickets, user, now: tickets.unsolved().filter(is_escalated=True),
    ),
    Queue(
        "all",
        _("All"),
        _("unsolved ones first, what is due first on top; then the newest"),
        lambda tickets, user, now: tickets,
        (),
        is_counted=False,
    ),
)
_BY_KEY: Mapping[str, Queue] = {queue.key: queue for queue in QUEUES}


def queue_of(key: str | None) -> Queue | None:
    return _BY_KEY.get(key or "")


def tickets_in(key: str, user: Any, now: datetime) -> TicketQuerySet:
    """The tickets of a queue as `user` sees it. KeyError for one there is not."""
    return _BY_KEY[key].of(Ticket.objects.all(), user, now)


def counts(user: Any, now: datetime) -> Mapping[str, int]:
    """How many are in each that is counted, none beyond 99 and one; one query."""
    return capped_counts({queue.key: tickets_in(queue.key, user, now) for queue in QUEUES if queue.is_counted})


def home_of(user: Any) -> str:
    """The queue somebody begins with: their own, for whoever answers tickets."""
    has_some = Ticket.objects.unsolved().filter(assignee=user.pk)
    return "mine" if Agent.objects.filter(user=user.pk).exists() or has_some.exists() else "all"


def next_in(key: str, ticket: Ticket, user: Any, now: datetime) -> Ticket | None:
    """What comes after a ticket in a queue, else the queue's first; None where there is no other.

    So that whoever passes one over is not led back to it at once. Of all tickets, those that are unsolved.
    """
    others = tickets_in(key, user, now).exclude(pk=ticket.pk)
    if key == "all":
        others = others.unsolved()
    behind = others.filter(_after_waiting(ticket) if key == "waiting" else _after_due(ticket))
    ordering = _BY_KEY[key].ordering or DUE_FIRST
    return behind.order_by(*ordering).first() or others.order_by(*ordering).first()


def _after_waiting(ticket: Ticket) -> Q:
    return Q(updated_at__gt=ticket.updated_at) | Q(updated_at=ticket.updated_at, pk__gt=ticket.pk)


def _after_due(ticket: Ticket) -> Q:
    """Behind it in the order of DUE_FIRST, in which what has no due time comes last."""
    ties = Q(priority__lt=ticket.priority) | Q(priority=ticket.priority, pk__gt=ticket.pk)
    if ticket.due_at is None:
        return Q(due_at=None) & ties
    return Q(due_at=None) | Q(due_at__gt=ticket.due_at) | Q(due_at=ticket.due_at) & ties
