"""Scoring runs with their progress."""

from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display

from agentfactory_cs.console.saving import ReadOnlyAdmin
from agentfactory_cs.console.templatetags.console import signed, when

from .. import feeds, incidents, tasks
from ..models import ScoringRun
from ..services import last_complete_day
from .incidents import alerts_of, link_to


@admin.register(ScoringRun)
class ScoringRunAdmin(ReadOnlyAdmin):
    list_display = (
        "show_day",
        "show_state",
        "show_progress",
        "show_change",
        "show_outcome",
        "show_created",
        "show_seconds",
        "requested_by",
    )
    list_filter = (("state", ChoicesDropdownFilter),)
    list_select_related = ("requested_by", "incident")
    date_hierarchy = "day"
    empty_words = _("Every customer is scored each night; the run of the last night appears here.")
    actions_list = ("score_everybody",)
    fieldsets = (
        (None, {"fields": (("day", "state"), "show_progress", "show_why")}),
        (_("What followed"), {"fields": ("show_change", "show_alerts", "incident")}),
        (
            _("When and by whom"),
            {"fields": (("created_at", "started_at", "finished_at"), "show_seconds", "requested_by")},
        ),
    )
    readonly_fields = ("show_progress", "show_why", "show_change", "show_alerts", "show_seconds")

    @display(description=_("Day"), ordering="day")
    def show_day(self, run: ScoringRun) -> str:
        return format_html('<span class="af-way">{}</span>', date_format(run.day))

    @display(description=_("Asked for"), ordering="created_at")
    def show_created(self, run: ScoringRun) -> str:
        return when(run.created_at)

    @display(
        description=_("State"),
        ordering="state",
        label={"queued": "info", "running": "warning", "held": "warning", "done": "success", "failed": "danger"},
    )
    def show_state(self, run: ScoringRun) -> tuple[str, str]:
        return run.state, run.get_state_display()

    @display(description=_("Customers scored"))
    def show_progress(self, run: ScoringRun) -> str:
        if run.state in (run.State.HELD, run.State.QUEUED) or (run.state == run.State.FAILED and not run.started_at):
            return "–"
        done, total = f"{run.customers_done:,}", f"{run.customers_total:,}"
        if run.state == run.State.DONE:
            rest = f"{run.customers_total - run.customers_done:,}"
            words = _now("%(rest)s were no customers on that day: not yet signed up, or churned") % {"rest": rest}
            return format_html('<span title="{}">{}</span>', words, done)
        bar = '<progress value="{}" max="{}"></progress> {}'
        words = _("%(done)s of %(total)s") % {"done": done, "total": total}
        return format_html(bar, run.customers_done, max(run.customers_total, 1), words)

    @display(description=_("Took"))
    def show_seconds(self, run: ScoringRun) -> str:
        if not run.started_at or not run.finished_at:
            return "–"
        return f"{(run.finished_at - run.started_at).total_seconds():.1f} s"

    @display(description=_("Why"))
    def show_why(self, run: ScoringRun) -> str:
        if run.state == run.State.HELD and run.incident:
            return link_to(run.incident, run.incident.summary)
        if run.state == run.State.QUEUED:
            return _now("Waiting for a worker.")
        return run.error or "–"

    @display(description=_("What came of it"))
    def show_outcome(self, run: ScoringRun) -> str:
        if run.state != run.State.DONE:
            return format_html('<span class="af-outcome">{}</span>', self.show_why(run))
        return format_html('<span class="af-outcome">{} {}</span>', _now("Alerts:"), alerts_of(run))

    @display(description=_("Median change, points"))
    def show_change(self, run: ScoringRun) -> str:
        if run.median_change is None:
            return "–"
        change = round(run.median_change, 1)
        return format_html('<span title="{}">{}</span>', _("Since the day before"), signed(change or 0, 1))

    @display(description=_("Alerts"))
    def show_alerts(self, run: ScoringRun) -> str:
        return alerts_of(run)

    @action(description=_("Score everybody now"), url_path="score-everybody", permissions=["score_everybody"])
    def score_everybody(self, request: HttpRequest) -> HttpResponse:
        """Start the run of the last complete day, or join the one under way; the workers do the rest."""
        now = timezone.now()
        run = feeds.start_unless_late(last_complete_day(now), by=request.user, now=now)
        transaction.on_commit(lambda: tasks.ring(run))
        if run.incident and run.state == run.State.HELD:
            messages.warning(
                request, link_to(run.incident, f"{run.incident.summary} {incidents.what_it_means(run.incident)}")
            )
        else:
            messages.success(
                request, _("Scoring everybody for %(day)s: reload to see how far it is.") % {"day": run.day}
            )
        return redirect(reverse("admin:health_scoringrun_changelist"))

    def has_score_everybody_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("health.add_scoringrun")
