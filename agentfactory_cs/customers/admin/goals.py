"""Goals with their readings, and outcome reports."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.contrib.filters.admin.dropdown_filters import DropdownFilter

from agentfactory_cs.console.saving import ServiceTabularInline

from ..days import utc_day
from ..import_admin import CsvImportMixin
from ..models import Goal, GoalReading, OutcomeReport
from ..services import correct_reading, remove_record, save_goal, save_outcome_report
from .belonging import BelongingAdmin


class ReadingInline(ServiceTabularInline):
    model = GoalReading
    service = staticmethod(correct_reading)
    removal = staticmethod(remove_record)
    fields = ("read_on", "value")
    ordering = ("-read_on",)
    extra = 1
    verbose_name_plural = _("readings")


class Achieved(DropdownFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("open", _("not achieved yet")), ("late", _("overdue")), ("achieved", _("achieved"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Goal]) -> QuerySet[Goal]:
        still_open = queryset.filter(achieved_on__isnull=True)
        return {
            "open": still_open,
            "late": still_open.filter(due_on__lt=utc_day(timezone.now())),
            "achieved": queryset.filter(achieved_on__isnull=False),
        }.get(self.value() or "", queryset)


@admin.register(Goal)
class GoalAdmin(CsvImportMixin, BelongingAdmin):
    import_kind = "goals"
    service = staticmethod(save_goal)
    list_display = ("title", "customer", "kind", "start_value", "target_value", "unit", "due_on", "achieved_on")
    list_filter = (Achieved, ("kind", ChoicesDropdownFilter))
    search_fields = ("title", "customer__name")
    ordering = ("due_on", "id")
    inlines = (ReadingInline,)
    fieldsets = (
        (None, {"fields": ("customer", "kind", "title")}),
        (
            _("Measure"),
            {
                "fields": (("start_value", "target_value"), "unit"),
                "description": _("A target below the start is a thing to bring down, such as handling time."),
            },
        ),
        (
            _("Dates"),
            {
                "fields": (("set_on", "due_on"), "achieved_on"),
                "description": _("The first reading at or beyond the target sets the day it was achieved."),
            },
        ),
    )

    def initial(self, request: HttpRequest) -> dict[str, Any]:
        return {"set_on": utc_day(timezone.now())}


@admin.register(OutcomeReport)
class OutcomeReportAdmin(CsvImportMixin, BelongingAdmin):
    import_kind = "outcome_reports"
    service = staticmethod(save_outcome_report)
    list_display = ("customer", "period_start", "period_end", "cost", "value_delivered", "value_expected", "currency")
    search_fields = ("customer__name",)
    search_help_text = _("Customer")
    ordering = ("-period_end", "id")
    fieldsets = (
        (None, {"fields": ("customer", ("period_start", "period_end"))}),
        (
            _("Cost and value"),
            {
                "fields": (("cost", "currency"), ("value_delivered", "value_expected")),
                "description": _(
                    "Cost and value make the return on investment; value delivered against value expected "
                    "tells how far the promise was kept. Both count in the health score for 180 days."
                ),
            },
        ),
        (None, {"fields": ("note",)}),
    )
