"""Support on the dashboard: what lies before the desk, and how well it keeps its promises."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.registry import Card, Scope, cards

from ..load import kept, load
from ..models import Ticket


def desk(request: HttpRequest, scope: Scope) -> Mapping[str, Any] | None:
    """Left out while there never was a ticket."""
    if not Ticket.objects.exists():
        return None
    before = scope.before()
    return {
        "load": load(scope.filters, scope.now),
        "kept": kept(scope.since, scope.until, scope.filters),
        "before": kept(before.since, before.until, before.filters),
        "days": (scope.until - scope.since).days + 1,
    }


cards.register(Card("support.desk", _("Support"), "admin/cards/support.html", desk, 6, 45, "support.view_ticket"))
