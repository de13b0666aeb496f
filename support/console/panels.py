"""A ticket's customer beside it, and a customer's tickets on its page."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.registry import Panel, panels
from agentfactory_cs.customers.console.columns import money_words
from agentfactory_cs.customers.days import utc_day
from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.queries import contracts
from agentfactory_cs.messaging.models import Response, SurveyKind

from ..levels.running import running
from ..models import Ticket
from .health import health_chips

SUBJECT = "support.Ticket"
SHOWN = 6
PERMISSION = "support.view_ticket"


def of_ticket(request: HttpRequest, ticket: Ticket) -> Mapping[str, Any] | None:
    """How the customer is, what it pays, when it renews, what else it asks; nothing for a stranger's ticket."""
    customer, now = ticket.customer, timezone.now()
    if customer is None or not request.user.has_perm("customers.view_customer"):
        return None
    contract = contracts([customer.pk], utc_day(now)).get(customer.pk)
    return {
        "customer": customer,
        "chip": health_chips([customer], now).get(customer.pk, ""),
        "revenue": money_words(contract.mrr) if contract else "",
        "contract": contract,
        "others": _unsolved(customer).exclude(pk=ticket.pk)[:SHOWN],
        "nps": _last_answer(customer, SurveyKind.NPS),
        "csat": _last_answer(customer, SurveyKind.SUPPORT_CSAT),
    }


def of_customer(request: HttpRequest, customer: Customer) -> Mapping[str, Any]:
    """What is unsolved, what is due first on top, and the last that were solved."""
    unsolved = list(_unsolved(customer)[: SHOWN + 1])
    solved = Ticket.objects.filter(customer=customer, merged_into=None).exclude(status__in=Ticket.UNSOLVED)
    return {
        "unsolved": [(ticket, next(iter(running(ticket)), None)) for ticket in unsolved[:SHOWN]],
        "more": len(unsolved) > SHOWN,
        "solved": solved.order_by("-pk")[:3],
        "may_add": request.user.has_perm("support.add_ticket"),
    }


def _unsolved(customer: Customer) -> Any:
    return Ticket.objects.unsolved().filter(customer=customer).select_related("assignee").due_first()


def _last_answer(customer: Customer, kind: str) -> Response | None:
    return Response.objects.filter(customer=customer, kind=kind).order_by("-answered_at").first()


panels.register(
    Panel(
        "support.customer", "support.Ticket", _("Customer"), "admin/panels/ticket_customer.html", of_ticket, "side", 10
    )
)
panels.register(
    Panel(
        "support.tickets",
        "customers.Customer",
        _("Open tickets"),
        "admin/panels/tickets.html",
        of_customer,
        "side",
        12,
        PERMISSION,
    )
)
