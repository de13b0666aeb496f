"""Tasks: what is open, and finishing one in place."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.forms import SplitDateTimeField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from agentfactory_cs.console.lists import TabFilter
from agentfactory_cs.console.registry import panels
from agentfactory_cs.console.templatetags.console import when
from agentfactory_cs.console.views import panel_response

from ..models import Company, Task
from ..services import finish_task, reopen_task, save_task
from .belonging import BelongingAdmin
from .owners import OwnerFilter


class DueField(SplitDateTimeField):
    """A day and perhaps a time; a day alone is due by the end of the working day."""

    def clean(self, value: Any) -> Any:
        if isinstance(value, list) and len(value) == 2 and value[0] and not value[1]:
            value = [value[0], Company.get().works_until.isoformat()]
        return super().clean(value)


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

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "due_at":
            kwargs["form_class"] = DueField
        return super().formfield_for_dbfield(db_field, request, **kwargs)

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
