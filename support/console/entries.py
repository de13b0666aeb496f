"""Support's lines of the sidebar."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.registry import Entry, entries

from ..models import Ticket
from ..queues import tickets_in


def _in(key: str) -> Callable[[HttpRequest], QuerySet[Ticket]]:
    return lambda request: tickets_in(key, request.user, timezone.now())


def _queue(key: str, title: Any, icon: str, order: int, *, is_counted: bool = True) -> Entry:
    return Entry(
        f"support.{key}",
        title,
        icon,
        "support_ticket_changelist",
        "",
        order,
        "support.view_ticket",
        _in(key) if is_counted else None,
        f"?queue={key}",
    )


for entry in (
    _queue("mine", _("My tickets"), "confirmation_number", 45),
    _queue("team", _("My team's tickets"), "groups", 46, is_counted=False),
    _queue("unassigned", _("Unassigned tickets"), "person_off", 47),
    _queue("breaching", _("Breaching next"), "timer", 48),
    Entry(
        "support.service_levels",
        _("Service levels"),
        "timer",
        "support_serviceversion_changelist",
        "settings",
        45,
        "support.view_serviceversion",
    ),
    Entry(
        "support.calendars",
        _("Opening hours"),
        "schedule",
        "support_businesscalendar_changelist",
        "settings",
        46,
        "support.view_businesscalendar",
    ),
):
    entries.register(entry)
for key, title, icon, order, model in (
    ("routing", _("Routing"), "alt_route", 40, "routingversion"),
    ("teams", _("Support teams"), "groups", 41, "team"),
    ("agents", _("Support agents"), "support_agent", 42, "agent"),
    ("areas", _("Product areas"), "category", 43, "area"),
    ("strong_words", _("Strong words"), "sentiment_very_dissatisfied", 44, "strongwords"),
):
    entries.register(
        Entry(f"support.{key}", title, icon, f"support_{model}_changelist", "settings", order, f"support.view_{model}")
    )
