"""The timeline on a customer's page."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.registry import Entry, Panel, entries, panels

from .queries import timeline
from .registry import triggers


def timeline_panel(request: HttpRequest, customer: Any) -> Mapping[str, Any]:
    kind = request.GET.get("kind", "")
    shown = timeline(customer.pk, kind=kind, before=request.GET.get("before", ""))
    return {
        "timeline": shown,
        "kind": kind,
        "kinds": sorted(((trigger.key, trigger.label) for trigger in triggers), key=lambda choice: choice[1]),
        # The first stretch brings the filter and the list; further ones only lines.
        "first": "before" not in request.GET,
    }


panels.register(
    Panel(
        "events.timeline",
        "customers.Customer",
        _("Timeline"),
        "admin/panels/timeline.html",
        timeline_panel,
        "main",
        60,
        "events.view_event",
    )
)
for entry in (
    Entry(
        "events.webhooks",
        _("Webhooks"),
        "webhook",
        "events_webhookendpoint_changelist",
        "integrations",
        76,
        "events.view_webhookendpoint",
    ),
    Entry(
        "events.webhook_deliveries",
        _("Webhook deliveries"),
        "outbound",
        "events_webhookdelivery_changelist",
        "integrations",
        77,
        "events.view_webhookdelivery",
    ),
):
    entries.register(entry)
entries.register(
    Entry("events.timeline", _("Timeline"), "timeline", "events_event_changelist", "records", 90, "events.view_event")
)
