"""What the platform told us: its webhooks as they came, first those that fit nobody."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin.dropdown_filters import DropdownFilter
from unfold.decorators import display

from agentfactory_cs.console.lists import TabFilter
from agentfactory_cs.console.saving import ReadOnlyAdmin
from agentfactory_cs.console.templatetags.console import when
from agentfactory_cs.customers.console.search import matching
from agentfactory_cs.customers.models import Contact, Customer

from ..deliveries.naming import name_contact, name_customer
from ..models import PlatformDelivery
from ..models.platform import PlatformDeliveryState

State = PlatformDeliveryState
MAY_NAME = "onboarding.change_platformdelivery"
COLOURS = {State.STRANGER: "warning", State.WAITING: "info", State.APPLIED: "success"}
MOST_FOUND = 10
EVENTS = (
    *("agent.created", "agent.deployed", "agent.updated", "agent.deleted", "agent.undeployed"),
    *("conversation.started", "conversation.message", "conversation.ended"),
    *("usage.threshold", "usage.limit", "error.occurred", "error.resolved"),
)


class Which(TabFilter):
    """Strangers first, where there are any."""

    title = _("which")
    parameter_name = "which"
    own_order: Mapping[str, Sequence[str]] = {}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [*State.choices, ("failed", _("Could not be applied")), ("all", _("All"))]

    def value(self) -> str:
        chosen = super().value()
        if chosen in {str(value) for value, _title in self.lookup_choices}:
            return str(chosen)
        return State.STRANGER if PlatformDelivery.objects.filter(state=State.STRANGER).exists() else "all"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "all":
                return queryset
            case "failed":
                return queryset.filter(state=State.WAITING).exclude(error="")
        return queryset.filter(state=self.value())


class EventFilter(DropdownFilter):
    title = _("event")
    parameter_name = "event"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(event, event) for event in EVENTS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(event=self.value()) if self.value() else queryset


@admin.register(PlatformDelivery)
class PlatformDeliveryAdmin(ReadOnlyAdmin):
    list_display = ("show_event", "show_who", "show_state", "show_customer", "show_moment")
    list_filter = (Which, EventFilter)
    list_select_related = ("customer", "contact")
    search_fields = ("tenant_id__exact", "user_id__exact")
    search_help_text = _("Tenant or user id, in full")
    ordering = ("-id",)
    empty_words = _("The platform sends its webhooks to /hooks/agentfactory/, signed with AGENTFACTORY_WEBHOOK_SECRET.")

    @display(description=_("Event"))
    def show_event(self, delivery: PlatformDelivery) -> str:
        return format_html('<span class="af-name">{}</span>', delivery.event)

    @display(description=_("Tenant, user"))
    def show_who(self, delivery: PlatformDelivery) -> str:
        return " · ".join(filter(None, (delivery.tenant_id, delivery.user_id))) or "–"

    @display(description=_("State"), label=COLOURS)
    def show_state(self, delivery: PlatformDelivery) -> tuple[str, str]:
        if delivery.error and delivery.state == State.WAITING:
            return delivery.state, _now("Could not be applied")
        return delivery.state, delivery.get_state_display()

    @display(description=_("Customer"))
    def show_customer(self, delivery: PlatformDelivery) -> str:
        return delivery.customer.name if delivery.customer else "–"

    @display(description=_("Happened"))
    def show_moment(self, delivery: PlatformDelivery) -> str:
        return when(delivery.happened_at)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(require_POST(self.name_view))
        return [path("<int:pk>/name/", view, name="onboarding_platformdelivery_name"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """As it came; of a stranger, with the question whose it is."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = PlatformDelivery.objects.select_related("customer", "contact")
        delivery = get_object_or_404(found, pk=object_id if object_id.isdecimal() else 0)
        may_name = delivery.state == State.STRANGER and request.user.has_perm(MAY_NAME)
        words = request.GET.get("who", "").strip()
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": str(delivery),
            "original": delivery,
            "delivery": delivery,
            "colour": COLOURS[State(delivery.state)],
            "data": json.dumps(delivery.data, indent=2, ensure_ascii=False),
            "may_name": may_name and bool(delivery.tenant_id or delivery.user_id),
            "words": words,
            "customers": _customers(words) if may_name and words and delivery.tenant_id else [],
            "contacts": _contacts(words) if may_name and words and delivery.user_id else [],
        }
        return TemplateResponse(request, "admin/onboarding/delivery.html", context)

    def name_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say whose it is; leads back to it."""
        if not request.user.has_perm(MAY_NAME):
            raise PermissionDenied
        delivery = get_object_or_404(PlatformDelivery, pk=pk)
        try:
            _name(request, delivery)
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
        else:
            messages.success(request, _now("All that came and comes of it is applied within seconds."))
        return redirect(reverse("admin:onboarding_platformdelivery_change", args=(pk,)))


def _name(request: HttpRequest, delivery: PlatformDelivery) -> None:
    told: dict[str, Any] = {"by": request.user, "now": timezone.now()}
    if (contact := request.POST.get("contact", "")).isdecimal():
        name_contact(delivery, get_object_or_404(Contact, pk=contact), **told)
    else:
        customer = request.POST.get("customer", "")
        name_customer(delivery, get_object_or_404(Customer, pk=customer if customer.isdecimal() else 0), **told)


def _customers(words: str) -> QuerySet[Customer]:
    """Those without a platform id that the words name."""
    return Customer.objects.filter(matching(words, "name"), external_id=None).order_by("name")[:MOST_FOUND]


def _contacts(words: str) -> QuerySet[Contact]:
    """Those without a platform id that the words name, by themselves or by their company."""
    found = Contact.objects.filter(matching(words, "name", "email", "customer__name"), platform_user_id=None)
    return found.select_related("customer").order_by("name")[:MOST_FOUND]
