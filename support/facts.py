"""What conditions can ask of a customer's tickets, as of a moment.

A ticket that was opened again counts as open from the beginning: when it was solved in between is not kept on it.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Extract
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.customers.conditions.registry import Fact, FactType, facts
from agentfactory_cs.customers.facts.totals import total
from agentfactory_cs.messaging.models import Response, SurveyKind

from .models import Ticket, TicketChange
from .models.course import TicketChangeKind

# A missed promise is remembered for so long.
LATELY = timedelta(days=30)
# An answer older than this says nothing about today.
FRESH = timedelta(days=365)
OPENED_DAYS = (7, 14, 28, 90)


def _open(now: datetime) -> QuerySet[Ticket]:
    """Not solved at `now`."""
    unsolved = Q(resolved_at=None) | Q(resolved_at__gt=now)
    return Ticket.objects.filter(unsolved & (Q(closed_at=None) | Q(closed_at__gt=now)), created_at__lte=now)


def _open_tickets(now: datetime) -> Any:
    return total(_open(now), "COUNT", "id")


def _open_critical(now: datetime) -> Any:
    return total(_open(now).filter(severity=Ticket.Severity.CRITICAL), "COUNT", "id")


def _opened_in(days: int) -> Callable[[datetime], Any]:
    def expression(now: datetime) -> Any:
        since = now - timedelta(days=days)
        return total(Ticket.objects.filter(created_at__gt=since, created_at__lte=now), "COUNT", "id")

    return expression


def _days_since_last(now: datetime) -> Any:
    opened = Ticket.objects.filter(customer=OuterRef("pk"), created_at__lte=now).order_by("-created_at")
    return Extract(Value(now) - Subquery(opened.values("created_at")[:1]), "day")


def _missed(now: datetime) -> Any:
    """Of each of its tickets' changes, by the index of those; tickets are few a customer."""
    missed = TicketChange.objects.filter(
        kind=TicketChangeKind.BREACHED, happened_at__gt=now - LATELY, happened_at__lte=now
    )
    return total(missed, "COUNT", "id", customer="ticket__customer")


def _latest_csat(now: datetime) -> Any:
    answers = Response.objects.filter(
        customer=OuterRef("pk"), kind=SurveyKind.SUPPORT_CSAT, answered_at__gt=now - FRESH, answered_at__lte=now
    )
    return Subquery(answers.order_by("-answered_at", "-pk").values("score")[:1])


for fact in (
    Fact(
        "support.open_tickets",
        _("Open tickets"),
        FactType.NUMBER,
        _open_tickets,
        _("Tickets that are neither resolved nor closed, those that wait for the customer too."),
        _("tickets"),
        order=70,
    ),
    Fact(
        "support.open_critical",
        _("Open critical tickets"),
        FactType.NUMBER,
        _open_critical,
        _("Open tickets of critical severity, as the severity stands today."),
        _("tickets"),
        order=71,
    ),
    *(
        Fact(
            f"support.opened_{days}d",
            format_lazy(_("Tickets opened, {days} days"), days=days),
            FactType.NUMBER,
            _opened_in(days),
            format_lazy(_("In the {days} times 24 hours before."), days=days),
            _("tickets"),
            order=72 + place,
        )
        for place, days in enumerate(OPENED_DAYS)
    ),
    Fact(
        "support.days_since_last",
        _("Days since the last ticket"),
        FactType.NUMBER,
        _days_since_last,
        _("Whole days since the newest ticket was opened; not known of a customer that never opened one."),
        _("days"),
        order=76,
    ),
    Fact(
        "support.missed_30d",
        _("Promises missed, 30 days"),
        FactType.NUMBER,
        _missed,
        _("First responses, later responses and resolutions that were overdue."),
        _("times"),
        order=77,
    ),
    Fact(
        "support.latest_csat",
        _("Latest satisfaction with support"),
        FactType.NUMBER,
        _latest_csat,
        _("The score of the newest answer on help, of the last 365 days, 1 to 5."),
        order=78,
    ),
):
    facts.register(fact)
