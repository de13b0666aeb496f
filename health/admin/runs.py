"""Scoring runs with their progress."""

from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display

from agentfactory_cs.console.saving import ReadOnlyAdmin

from .. import runs, tasks
from ..models import ScoringRun
from ..services import last_complete_day


@admin.register(ScoringRun)
class ScoringRunAdmin(ReadOnlyAdmin):
    list_display = ("day", "show_state", "show_progress", "created_at", "show_seconds", "requested_by", "show_error")
    list_filter = (("state", ChoicesDropdownFilter),)
    list_select_related = ("requested_by",)
    date_hierarchy = "day"
    actions_list = ("score_everybody",)
    fieldsets = (
        (None, {"fields": ("day", "state", ("customers_done", "customers_total"), "error")}),
        (_("When and by whom"), {"fields": (("created_at", "started_at", "finished_at"), "requested_by")}),
    )

    @display(
        description=_("State"),
        ordering="state",
        label={"queued": "info", "running": "warning", "done": "success", "failed": "danger"},
    )
    def show_state(self, run: ScoringRun) -> tuple[str, str]:
        return run.state, run.get_state_display()

    @display(description=_("Customers scored"))
    def show_progress(self, run: ScoringRun) -> str:
        done, total = f"{run.customers_done:,}", f"{run.customers_total:,}"
        if run.state == run.State.DONE:
            # The others had not signed up by that day, or had churned.
            return _("%(done)s; %(rest)s were no customers on that day") % {
                "done": done,
                "rest": f"{run.customers_total - run.customers_done:,}",
            }
        bar = '<progress value="{}" max="{}"></progress> {}'
        words = _("%(done)s of %(total)s") % {"done": done, "total": total}
        return format_html(bar, run.customers_done, max(run.customers_total, 1), words)

    @display(description=_("Took"))
    def show_seconds(self, run: ScoringRun) -> str:
        if not run.started_at or not run.finished_at:
            return "–"
        return f"{(run.finished_at - run.started_at).total_seconds():.1f} s"

    @display(description=_("What went wrong"))
    def show_error(self, run: ScoringRun) -> str:
        return run.error[:120]

    @action(description=_("Score everybody now"), url_path="score-everybody", permissions=["score_everybody"])
    def score_everybody(self, request: HttpRequest) -> HttpResponse:
        """Start the run of the last complete day, or join the one under way; the workers do the rest."""
        now = timezone.now()
        run = runs.start_run(last_complete_day(now), by=request.user, now=now)
        transaction.on_commit(lambda: tasks.ring(run))
        messages.success(request, _("Scoring everybody for %(day)s: reload to see how far it is.") % {"day": run.day})
        return redirect(reverse("admin:health_scoringrun_changelist"))

    def has_score_everybody_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("health.add_scoringrun")
