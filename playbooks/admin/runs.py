"""Runs of customers through playbooks: what was done, when, and why not; and what a person does about it."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.decorators import display

from agentfactory_cs.console.lists import TabFilter
from agentfactory_cs.console.saving import ReadOnlyAdmin
from agentfactory_cs.console.templatetags.console import when
from agentfactory_cs.customers.admin.belonging import overview_of
from agentfactory_cs.customers.models import Customer

from .. import services
from ..models import Playbook, Run, RunStep
from ..models.run import RunState, StepState
from ..queries import StepLine, step_lines
from .verbs import Verb, do, offered

COLOURS = {
    RunState.RUNNING: "info",
    RunState.PAUSED: "warning",
    RunState.FINISHED: "success",
    RunState.EXITED: "default",
    RunState.STOPPED: "default",
    RunState.HELD_OUT: "default",
}
STEP_COLOURS = {StepState.DONE: "success", StepState.FAILED: "danger", StepState.WITH_PERSON: "warning"}
UNDER_WAY = (RunState.RUNNING, RunState.PAUSED)

VERBS = (
    Verb(
        "resume",
        _("Resume"),
        "play_arrow",
        lambda run: run.state == RunState.PAUSED,
        lambda run, *, reason, by, now: services.resume_run(run, now=now),
        "playbooks.change_run",
        _("It goes on."),
        _("What came due meanwhile is done at once: steps, and mail within its hours."),
        is_primary=True,
    ),
    Verb(
        "pause",
        _("Pause"),
        "pause",
        lambda run: run.state == RunState.RUNNING,
        services.pause_run,
        "playbooks.change_run",
        _("It is paused: nothing is done until it is resumed."),
        _("Nothing is done until somebody resumes it. Mail that is about to go out waits."),
        needs_reason=True,
    ),
    Verb(
        "stop",
        _("Stop"),
        "stop",
        lambda run: run.state in UNDER_WAY,
        services.stop_run,
        "playbooks.change_run",
        _("It is stopped. Its open tasks are skipped."),
        _("For good: what is left is not done, and its open tasks are skipped."),
        needs_reason=True,
    ),
)
STEP_VERBS = (
    Verb(
        "retry",
        _("Try again"),
        "refresh",
        lambda step: step.state == StepState.FAILED,
        lambda step, *, reason, by, now: services.retry_step(step, now=now),
        "playbooks.change_runstep",
        _("It is tried again within seconds."),
        is_primary=True,
    ),
    Verb(
        "skip",
        _("Skip"),
        "skip_next",
        lambda step: step.state not in RunStep.SETTLED and step.run.state in UNDER_WAY,
        services.skip_step,
        "playbooks.change_runstep",
        _("It is passed over; what stands behind it goes on."),
        _("Its open task, where it has one, is skipped with it."),
        needs_reason=True,
    ),
)


class WhichRuns(TabFilter):
    """What a person must look at first."""

    title = _("which")
    parameter_name = "which"
    own_order: Mapping[str, Sequence[str]] = {}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("failed", _("A step failed")),
            ("under_way", _("Under way")),
            ("over", _("Over")),
            ("held_out", _("Held out")),
            ("all", _("All")),
        ]

    def value(self) -> str:
        chosen = super().value()
        if chosen in {str(value) for value, _title in self.lookup_choices}:
            return str(chosen)
        return "failed" if RunStep.objects.filter(state=StepState.FAILED).exists() else "under_way"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Run]) -> QuerySet[Run]:
        match self.value():
            case "failed":
                failed = RunStep.objects.filter(run=OuterRef("pk"), state=StepState.FAILED)
                return queryset.filter(Exists(failed))
            case "under_way":
                return queryset.filter(state__in=UNDER_WAY)
            case "over":
                return queryset.filter(state__in=(RunState.FINISHED, RunState.EXITED, RunState.STOPPED))
            case "held_out":
                return queryset.filter(state=RunState.HELD_OUT)
        return queryset


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    list_display = ("who", "playbook", "show_state", "why", "moment")
    list_filter = (WhichRuns, ("playbook", RelatedDropdownFilter))
    list_select_related = ("customer", "playbook")
    search_fields = ("customer__name",)
    search_help_text = _("Customer")
    ordering = ("-id",)
    empty_words = _("A run begins when a customer enters an active playbook, by its trigger or by hand.")

    @display(description=_("Customer"))
    def who(self, run: Run) -> str:
        return format_html('<span class="af-name">{}</span>', run.customer.name)

    @display(description=_("State"), label=COLOURS)
    def show_state(self, run: Run) -> tuple[str, str]:
        return run.state, run.get_state_display()

    @display(description=_("Why"))
    def why(self, run: Run) -> str:
        words = run.ended_because or run.entered_because
        if run.state == RunState.PAUSED:
            words = run.pause_reason
        return format_html('<span class="af-why">{}</span>', words)

    @display(description=_("Entered"), ordering="id")
    def moment(self, run: Run) -> str:
        return when(run.entered_at)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("start/<int:customer>/", view(require_POST(self.start)), name="playbooks_run_start"),
            path("<int:pk>/act/<str:verb>/", view(require_POST(self.act)), name="playbooks_run_act"),
            path("step/<int:pk>/act/<str:verb>/", view(require_POST(self.act_on_step)), name="playbooks_runstep_act"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What was done for one customer, step by step, and why not."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        runs = Run.objects.select_related("customer", "playbook", "version", "started_by", "paused_by", "ended_by")
        run = get_object_or_404(runs, pk=object_id if object_id.isdecimal() else 0)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"{run.playbook} · {run.customer}",
            "original": run,
            "run": run,
            "colour": COLOURS[RunState(run.state)],
            "facts": run.entry_facts.get("rows", ()),
            "lines": [(line, self._colour(line), offered(STEP_VERBS, line.row, request)) for line in step_lines(run)],
            "verbs": offered(VERBS, run, request),
        }
        return TemplateResponse(request, "admin/playbooks/run.html", context)

    def _colour(self, line: StepLine) -> str:
        return STEP_COLOURS.get(StepState(line.row.state), "default")

    def act(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        do(VERBS, verb, get_object_or_404(Run, pk=pk), request)
        return redirect(reverse("admin:playbooks_run_change", args=(pk,)))

    def act_on_step(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        step = get_object_or_404(RunStep.objects.select_related("run"), pk=pk)
        do(STEP_VERBS, verb, step, request)
        return redirect(reverse("admin:playbooks_run_change", args=(step.run_id,)))

    def start(self, request: HttpRequest, customer: int) -> HttpResponse:
        """Let a customer in by hand, whatever the entry conditions say; leads to the run, or says why not."""
        if not request.user.has_perm("playbooks.add_run"):
            raise PermissionDenied
        chosen = request.POST.get("playbook", "")
        playbook = get_object_or_404(Playbook, pk=chosen if chosen.isdecimal() else 0)
        who, why = get_object_or_404(Customer, pk=customer), request.POST.get("reason", "")
        try:
            run = services.start_run(who, playbook, by=request.user, now=timezone.now(), why=why)
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
            return redirect(overview_of(customer))
        messages.success(request, _now("Started."))
        return redirect(reverse("admin:playbooks_run_change", args=(run.pk,)))
