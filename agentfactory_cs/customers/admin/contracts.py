"""Subscriptions, with every change of plan, seats, revenue and payment status."""

from datetime import date, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.contrib.filters.admin.dropdown_filters import DropdownFilter
from unfold.decorators import display

from agentfactory_cs.console.saving import HistoryInline
from agentfactory_cs.console.templatetags.console import figure, when

from ..days import utc_day
from ..import_admin import CsvImportMixin
from ..models import Subscription, SubscriptionChange
from ..queries import in_force
from ..services import save_subscription
from .belonging import BelongingAdmin


class RenewsWithin(DropdownFilter):
    title = _("renewal")
    parameter_name = "renews"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("30", _("within 30 days")), ("90", _("within 90 days")), ("past", _("overdue"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Subscription]) -> QuerySet[Subscription]:
        return queryset.filter(**renews(self.value(), utc_day(timezone.now()))) if self.value() else queryset


def renews(within: str | None, today: date) -> dict[str, Any]:
    """Lookups on a subscription for a choice of RenewsWithin."""
    if within == "past":
        return {"renews_on__lt": today, "ended_on__isnull": True}
    days = int(within) if within in {"30", "90"} else 90
    return {"renews_on__range": (today, today + timedelta(days=days)), "ended_on__isnull": True}


class Running(DropdownFilter):
    title = _("running")
    parameter_name = "running"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("in force today")), ("no", _("ended or not begun"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Subscription]) -> QuerySet[Subscription]:
        runs = in_force(utc_day(timezone.now()))
        return {"yes": queryset.filter(runs), "no": queryset.exclude(runs)}.get(self.value() or "", queryset)


class SubscriptionChangeInline(HistoryInline):
    model = SubscriptionChange
    select_related = ("changed_by",)
    fields = ("changed_at", "field", "old", "new", "changed_by")
    readonly_fields = fields
    verbose_name_plural = _("history")


@admin.register(Subscription)
class SubscriptionAdmin(CsvImportMixin, BelongingAdmin):
    import_kind = "subscriptions"
    service = staticmethod(save_subscription)
    list_display = ("plan", "customer", "revenue", "seats", "renewal", "payment_status", "ended_on")
    list_filter = (RenewsWithin, Running, ("payment_status", ChoicesDropdownFilter))
    search_fields = ("customer__name", "external_id")
    search_help_text = _("Customer or contract id")
    ordering = ("renews_on", "id")
    inlines = (SubscriptionChangeInline,)
    fieldsets = (
        (None, {"fields": ("customer", "plan", "seats", ("mrr", "currency"))}),
        (_("Term"), {"fields": (("starts_on", "renews_on"), "ended_on")}),
        (_("Payment"), {"fields": ("payment_status",)}),
        (
            _("Growth"),
            {
                "fields": ("upgrade_budget_note", "external_id"),
                "description": _("What we know of budget helps the next person who offers an upgrade."),
            },
        ),
    )

    @display(description=_("MRR"), ordering="mrr")
    def revenue(self, subscription: Subscription) -> str:
        return f"{figure(float(subscription.mrr))} {subscription.currency}"

    @display(description=_("Renewal"), ordering="renews_on")
    def renewal(self, subscription: Subscription) -> str:
        return when(subscription.renews_on)
