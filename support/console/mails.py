"""What became of a ticket's mails, what follows by itself next, and what the customer said of the solution."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.registry import Panel, panels

from ..following.planning import coming
from ..following.rules import Step
from ..mail_queries import mails_of, satisfaction_with
from ..models import Ticket

SHOWN = 8
COMING = {
    Step.REMINDER: _("The customer is reminded"),
    Step.SECOND_REMINDER: _("The customer is reminded again"),
    Step.GIVE_UP: _("It is resolved for want of an answer"),
    Step.QUESTION: _("The customer is asked whether it is solved"),
    Step.SURVEY: _("The customer is asked how satisfied they are"),
    Step.CLOSE: _("It is closed"),
}


def of_ticket(request: HttpRequest, ticket: Ticket) -> Mapping[str, Any]:
    """Three queries."""
    mails, following = mails_of(ticket), coming(ticket)
    return {
        "mails": mails[-SHOWN:][::-1],
        "earlier": max(0, len(mails) - SHOWN),
        "coming": COMING[following.step] if following else "",
        "coming_at": following.at if following else None,
        "said": satisfaction_with(ticket),
        "may_open": request.user.has_perm("messaging.view_email"),
    }


panels.register(
    Panel(
        "support.mails",
        "support.Ticket",
        _("Mail to the customer"),
        "admin/panels/ticket_mails.html",
        of_ticket,
        "side",
        30,
    )
)
