"""Interactions, training and renewal estimates."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from agentfactory_cs.console.templatetags.console import when

from ..days import utc_day
from ..import_admin import CsvImportMixin
from ..models import Interaction, RenewalEstimate, Training
from ..services import estimate_renewal, log_interaction, save_training
from .belonging import BelongingAdmin
from .owners import StaffFilter


@admin.register(Interaction)
class InteractionAdmin(CsvImportMixin, BelongingAdmin):
    import_kind = "interactions"
    service = staticmethod(log_interaction)
    list_display = ("subject", "customer", "kind", "direction", "held", "staff")
    list_filter = (StaffFilter, ("kind", ChoicesDropdownFilter), ("direction", ChoicesDropdownFilter))
    list_select_related = ("customer", "staff")
    search_fields = ("subject", "customer__name")
    ordering = ("-held_at", "-id")
    autocomplete_fields = ("customer", "contact")
    staff_fields = ("staff",)
    empty_words = _("Calls, meetings and mails that took place are recorded here or on the customer's page.")
    fieldsets = (
        (None, {"fields": ("customer", ("kind", "direction"), "held_at", "subject", "body")}),
        (_("Who"), {"fields": (("contact", "staff"),)}),
    )

    def initial(self, request: HttpRequest) -> dict[str, Any]:
        return {"staff": request.user.pk, "held_at": timezone.now()}

    @display(description=_("Held"), ordering="held_at")
    def held(self, interaction: Interaction) -> str:
        return when(interaction.held_at)


@admin.register(Training)
class TrainingAdmin(CsvImportMixin, BelongingAdmin):
    import_kind = "training"
    service = staticmethod(save_training)
    list_display = ("course", "customer", "assigned_on", "completed_on")
    search_fields = ("course", "customer__name")
    ordering = ("-assigned_on", "id")
    fields = ("customer", "course", ("assigned_on", "completed_on"))

    def initial(self, request: HttpRequest) -> dict[str, Any]:
        return {"assigned_on": utc_day(timezone.now())}


def _save_estimate(estimate: RenewalEstimate, *, by: Any, now: Any) -> None:
    stored = estimate_renewal(
        estimate.customer, likelihood=estimate.likelihood, on=estimate.estimated_on, note=estimate.note, by=by, now=now
    )
    estimate.pk = stored.pk


@admin.register(RenewalEstimate)
class RenewalEstimateAdmin(BelongingAdmin):
    service = staticmethod(_save_estimate)
    list_display = ("customer", "likelihood", "estimated_on", "estimated_by")
    list_select_related = ("customer", "estimated_by")
    search_fields = ("customer__name",)
    search_help_text = _("Customer")
    ordering = ("-estimated_on", "id")
    fieldsets = (
        (
            None,
            {
                "fields": ("customer", ("likelihood", "estimated_on"), "note"),
                "description": _(
                    "How likely the customer is to renew, in percent. It counts in the score for 90 days."
                ),
            },
        ),
    )

    def initial(self, request: HttpRequest) -> dict[str, Any]:
        return {"estimated_on": utc_day(timezone.now())}

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return (*super().get_readonly_fields(request, obj), *(("estimated_on", "estimated_by") if obj else ()))
