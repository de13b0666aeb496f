"""Tasks, interactions, training and renewal estimates."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.contrib.filters.admin.dropdown_filters import DropdownFilter
from unfold.decorators import display

from agentfactory_cs.console.lists import TabFilter
from agentfactory_cs.console.registry import panels
from agentfactory_cs.console.templatetags.console import when
from agentfactory_cs.console.views import panel_response

from ..import_admin import CsvImportMixin
from ..models import Interaction, RenewalEstimate, Task, Training
from ..queries import staff
from ..services import estimate_renewal, finish_task, log_interaction, reopen_task, save_task, save_training
from .belonging import BelongingAdmin


class OwnerFilter(DropdownFilter):
    """Whose: me first, then everybody of the team."""

    title = _("owner")
    parameter_name = "owner"
    field = "owner"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        people = [(str(user.pk), user.get_full_name() or user.get_username()) for user in staff()]
        return [("me", _("me")), ("nobody", _("nobody")), *people]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        if not chosen:
            return queryset
        if chosen == "nobody":
            return queryset.filter(**{f"{self.field}__isnull": True})
        who = request.user.pk if chosen == "me" else chosen if chosen.isdigit() else None
        return queryset.filter(**{self.field: who}) if who else queryset.none()


class WhichTasks(TabFilter):
    """What is open first: mine, then everybody's."""

    title = _("which")
    parameter_name = "which"
    own_order = {"finished": ("-finished_at", "-pk")}

    def __init__(self, request: HttpRequest, *args: Any) -> None:
        self.user = request.user
        super().__init__(request, *args)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("mine", _("My open")), ("open", _("All open")), ("finished", _("Finished"))]

    def value(self) -> str:
        chosen = super().value()
        return chosen if chosen in {"mine", "open", "finished"} else "mine"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Task]) -> QuerySet[Task]:
        if self.value() == "finished":
            return queryset.exclude(status=Task.Status.OPEN)
        still_open = queryset.filter(status=Task.Status.OPEN)
        return still_open.filter(owner=self.user.pk) if self.value() == "mine" else still_open


class StaffFilter(OwnerFilter):
    title = _("our person")
    parameter_name = "staff"
    field = "staff"


def _finish(request: HttpRequest, queryset: QuerySet[Task], status: str) -> None:
    done = already = 0
    for task in queryset:
        try:
            finish_task(task, status=status, by=request.user, now=timezone.now())
            done += 1
        except ValidationError:
            already += 1
    words = ngettext("%(n)s task finished", "%(n)s tasks finished", done) % {"n": done}
    if already:
        words += ", " + ngettext("%(n)s already was", "%(n)s already were", already) % {"n": already}
    messages.success(request, f"{words}.")


@admin.register(Task)
class TaskAdmin(BelongingAdmin):
    service = staticmethod(save_task)
    list_display = ("title", "customer", "kind", "due", "owner", "status")
    list_filter = (WhichTasks, OwnerFilter, ("kind", ChoicesDropdownFilter))
    list_select_related = ("customer", "owner")
    search_fields = ("title", "customer__name")
    ordering = ("due_at", "id")
    staff_fields = ("owner",)
    empty_words = _("Tasks are what somebody of ours must do for a customer, such as a call to hold.")
    readonly_fields = ("status", "finished_at", "finished_by")
    actions = ("mark_done", "mark_skipped")
    fieldsets = (
        (None, {"fields": ("customer", "title", ("kind", "owner"), "due_at", "description")}),
        (
            _("Outcome"),
            {
                "fields": ("outcome", "status", ("finished_at", "finished_by")),
                "description": _("Tasks are finished on the customer's page or from the list of tasks."),
            },
        ),
    )

    add_fieldsets = fieldsets[:1]

    def initial(self, request: HttpRequest) -> dict[str, Any]:
        return {"owner": request.user.pk}

    @display(description=_("Due"), ordering="due_at")
    def due(self, task: Task) -> str:
        return when(task.due_at)

    @admin.action(description=_("Mark as done"), permissions=["change"])
    def mark_done(self, request: HttpRequest, queryset: QuerySet[Task]) -> None:
        _finish(request, queryset, Task.Status.DONE)

    @admin.action(description=_("Mark as skipped"), permissions=["change"])
    def mark_skipped(self, request: HttpRequest, queryset: QuerySet[Task]) -> None:
        _finish(request, queryset, Task.Status.SKIPPED)

    def get_urls(self) -> list[Any]:
        finish = path(
            "<int:pk>/finish/", self.admin_site.admin_view(require_POST(self.finish)), name="customers_task_finish"
        )
        return [finish, *super().get_urls()]

    def finish(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Finish or reopen a task in place (`status` in the form); answers with the panel as it stands then."""
        task = get_object_or_404(Task.objects.select_related("customer"), pk=pk)
        if not self.has_change_permission(request, task):
            raise PermissionDenied
        status = request.POST.get("status", "")
        try:
            if status == Task.Status.OPEN:
                reopen_task(task, by=request.user, now=timezone.now())
            else:
                finish_task(
                    task, status=status, outcome=request.POST.get("outcome", ""), by=request.user, now=timezone.now()
                )
        except ValidationError as refusal:
            request.refusal = refusal  # type: ignore[attr-defined]
        return panel_response(request, panels.get("customers.tasks"), task.customer_id)


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
        return {"assigned_on": timezone.localdate()}


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
        return {"estimated_on": timezone.localdate()}

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return (*super().get_readonly_fields(request, obj), *(("estimated_on", "estimated_by") if obj else ()))
