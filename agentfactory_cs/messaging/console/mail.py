"""Mail to customers in the sidebar, on the dashboard and on a customer's page."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.registry import Card, Entry, Panel, Scope, cards, entries, panels
from agentfactory_cs.customers.models import Customer

from ..models import Email
from ..queries import FOR_A_PERSON, mails_to_decide, provider_trouble

SHOWN = 8


def to_decide(request: HttpRequest) -> QuerySet[Email]:
    return Email.objects.filter(state__in=FOR_A_PERSON)


def mails(request: HttpRequest, customer: Customer) -> Mapping[str, Any]:
    """The latest, sent or not, each with its reason."""
    latest = Email.objects.filter(customer=customer).select_related("template", "contact").defer("html", "text")
    found = list(latest.order_by("-pk")[: SHOWN + 1])
    return {"mails": found[:SHOWN], "are_more": len(found) > SHOWN, "State": Email.State}


def trouble(request: HttpRequest, scope: Scope) -> Mapping[str, Any] | None:
    """Only where somebody must do something."""
    waiting, stopped = mails_to_decide(), provider_trouble()
    return {"waiting": waiting, "stopped": stopped} if waiting or stopped else None


entries.register(
    Entry("messaging.mail", _("Mail"), "mail", "messaging_email_changelist", "", 60, "messaging.view_email", to_decide)
)
for entry in (
    Entry(
        "messaging.suppressions",
        _("Never-again list"),
        "do_not_disturb_on",
        "messaging_suppression_changelist",
        "records",
        75,
        "messaging.view_suppression",
    ),
    Entry(
        "messaging.pace",
        _("Sending pace"),
        "speed",
        "messaging_sendingpace_changelist",
        "settings",
        61,
        "messaging.view_sendingpace",
    ),
):
    entries.register(entry)
panels.register(
    Panel(
        "messaging.mail",
        "customers.Customer",
        _("Mails sent and not sent"),
        "admin/panels/mails.html",
        mails,
        "side",
        55,
        "messaging.view_email",
    )
)
cards.register(
    Card(
        "messaging.mail",
        _("Mail that waits for somebody"),
        "admin/cards/mail.html",
        trouble,
        6,
        70,
        "messaging.view_email",
    )
)
