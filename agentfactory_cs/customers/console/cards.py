"""The customers' cards of the dashboard, and the choices above it."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.registry import Card, Scope, ScopeFilter, Words, cards, scope_filters

from ..days import utc_day
from ..models import Customer, Task
from ..queries import in_scope, renewing, staff

SHOWN = 8
RENEWAL_DAYS = 90


def start(request: HttpRequest, scope: Scope) -> Mapping[str, Any] | None:
    """Only while there is no customer at all."""
    if Customer.objects.exists():
        return None
    return {"may_add": request.user.has_perm("customers.add_customer")}


def renewals(request: HttpRequest, scope: Scope) -> Mapping[str, Any] | None:
    today = utc_day(scope.now)
    if not Customer.objects.exists():
        return None
    due = renewing(today + timedelta(days=RENEWAL_DAYS), today, in_scope(scope.filters))
    return {"subscriptions": due[:SHOWN], "days": RENEWAL_DAYS}


def due_tasks(request: HttpRequest, scope: Scope) -> Mapping[str, Any] | None:
    if not Customer.objects.exists():
        return None
    mine = Task.objects.open().filter(owner=request.user.pk).select_related("customer").order_by("due_at", "id")
    return {"tasks": mine[:SHOWN], "now": scope.now}


def _tiers(request: HttpRequest) -> Sequence[tuple[str, Words]]:
    return [("", _("All tiers")), *((str(value), label) for value, label in Customer.Tier.choices)]


def _owners(request: HttpRequest) -> Sequence[tuple[str, Words]]:
    return [("", _("Everybody")), *((str(user.pk), user.get_full_name() or user.get_username()) for user in staff())]


scope_filters.register(ScopeFilter("customers.tier", "tier", _("Tier"), _tiers, 10))
scope_filters.register(ScopeFilter("customers.owner", "owner", _("Success manager"), _owners, 20))

cards.register(
    Card("customers.start", _("Start here"), "admin/cards/start.html", start, 12, 0, "customers.view_customer")
)
cards.register(
    Card(
        "customers.renewals",
        _("Renewals ahead"),
        "admin/cards/renewals.html",
        renewals,
        6,
        60,
        "customers.view_subscription",
    )
)
cards.register(
    Card("customers.tasks", _("My open tasks"), "admin/cards/tasks.html", due_tasks, 6, 61, "customers.view_task")
)
