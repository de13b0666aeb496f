"""Incidents: what is the matter with the data, since when, what it holds, and letting go of that."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextareaWidget

from agentfactory_cs.console.saving import ReadOnlyAdmin, ReadOnlyMixin, show_refusal

from .. import incidents, tasks
from ..models import Incident, ScoringRun


def link_to(incident: Incident, words: Any) -> SafeString:
    return format_html('<a class="af-link" href="{}">{}</a>', incidents.page(incident), words)


def alerts_of(run: ScoringRun) -> str:
    """What became of a run's alerts, in words."""
    if run.alerts_note or run.alerts_at:
        return run.alerts_note or _now("judged")
    if run.incident and run.incident.closed_at is None:
        return link_to(run.incident, _now("held: %(why)s") % {"why": run.incident.get_kind_display().lower()})
    return _now("to be judged within a minute") if run.state == run.State.DONE else "–"


class ReleaseForm(forms.Form):
    """Why what an incident holds is let go."""

    reason = forms.CharField(
        label=_("Why"),
        help_text=_("It stays on the incident, with your name."),
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )


class RunInline(ReadOnlyMixin, TabularInline):
    """The days an incident holds, or held."""

    model = ScoringRun
    fields = ("day", "state", "customers_done", "show_alerts", "show_error")
    readonly_fields = fields
    extra = 0
    show_change_link = True
    verbose_name_plural = _("Runs held")
    ordering = ("-day",)

    @display(description=_("Alerts"))
    def show_alerts(self, run: ScoringRun) -> str:
        return alerts_of(run)

    @display(description=_("What went wrong"))
    def show_error(self, run: ScoringRun) -> str:
        return run.error or "–"


@admin.register(Incident)
class IncidentAdmin(ReadOnlyAdmin):
    list_display = ("kind", "show_state", "show_summary", "day", "opened_at", "closed_at", "closed_by")
    list_filter = (("kind", ChoicesDropdownFilter), ("outcome", ChoicesDropdownFilter))
    list_select_related = ("closed_by",)
    empty_words = _(
        "When usage is late, or everybody's score moves at once, it is said here. Nothing was amiss so far."
    )
    inlines = (RunInline,)
    actions_detail = ("release",)
    fieldsets = (
        (None, {"fields": ("show_whole_summary", "show_meaning", "show_figures", "opened_at")}),
        (_("How it ended"), {"fields": ("show_outcome", ("closed_at", "closed_by"))}),
    )
    readonly_fields = ("show_whole_summary", "show_outcome", "show_meaning", "show_figures")

    def get_fieldsets(self, request: HttpRequest, obj: Incident | None = None) -> Any:
        is_open = obj is not None and obj.closed_at is None
        return self.fieldsets[:1] if is_open else self.fieldsets

    @display(
        description=_("State"),
        ordering="closed_at",
        label={"open": "danger", "recovered": "success", "released": "info"},
    )
    def show_state(self, incident: Incident) -> tuple[str, Any]:
        if incident.closed_at is None:
            return "open", _("Open")
        return incident.outcome, incident.get_outcome_display()

    @display(description=_("What"))
    def show_summary(self, incident: Incident) -> str:
        return format_html('<span class="af-why">{}</span>', incident.summary)

    @display(description=_("What"))
    def show_whole_summary(self, incident: Incident) -> str:
        return incident.summary

    @display(description=_("Outcome"))
    def show_outcome(self, incident: Incident) -> str:
        return f"{incident.get_outcome_display()}: {incident.reason}"

    @display(description=_("What it means"))
    def show_meaning(self, incident: Incident) -> str:
        return incidents.what_it_means(incident)

    @display(description=_("Figures by day"))
    def show_figures(self, incident: Incident) -> str:
        return figures_of(incident)

    @action(description=_("Release"), icon="lock_open", permissions=["release"])
    def release(self, request: HttpRequest, object_id: int) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:health_incident_release", args=(object_id,)))

    def has_release_permission(self, request: HttpRequest, object_id: str | int | None = None) -> bool:
        if not request.user.has_perm(incidents.RELEASE):
            return False
        return object_id is None or Incident.objects.filter(pk=object_id, closed_at__isnull=True).exists()

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.release_view)
        return [path("<int:pk>/release/", view, name="health_incident_release"), *super().get_urls()]

    def release_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Asks why, then lets go of what the incident holds."""
        if not request.user.has_perm(incidents.RELEASE):
            raise PermissionDenied
        incident = get_object_or_404(Incident, pk=pk)
        form = ReleaseForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                runs = incidents.release(incident, **form.cleaned_data, by=request.user, now=timezone.now())
            except ValidationError as refusal:
                show_refusal(form, refusal)
            else:
                transaction.on_commit(lambda: tasks.ring_after_release(runs))
                messages.success(request, _said(incident, runs))
                return HttpResponseRedirect(incidents.page(incident))
        return self._ask(request, incident, form)

    def _ask(self, request: HttpRequest, incident: Incident, form: forms.Form) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Release"),
            "incident": incident,
            "meaning": incidents.what_it_means(incident),
            "held": incidents.held_by(incident),
            "waiting": incident.runs.filter(state=ScoringRun.State.DONE, alerts_at__isnull=True).order_by("day"),
            "figures": figures_of(incident),
            "back": incidents.page(incident),
            "form": form,
        }
        return TemplateResponse(request, "admin/health/incident/release.html", context)


def figures_of(incident: Incident) -> SafeString:
    """A table of what was measured, the newest day first."""
    measured = incident.figures.get("days", {})
    days = [_with_dates({"day": day, **measured[day]}) for day in sorted(measured, reverse=True)]
    return render_to_string("admin/health/incident/figures.html", {"incident": incident, "days": days})


def _with_dates(figures: dict[str, Any]) -> dict[str, Any]:
    """JSON knows no dates."""
    return {
        name: date.fromisoformat(value) if name in ("day", "since", "compared_with") else value
        for name, value in figures.items()
    }


def _said(incident: Incident, runs: list[ScoringRun]) -> str:
    if runs:
        days = ", ".join(date_format(run.day) for run in runs)
        return _now("Released: %(days)s is being scored with what has come.") % {"days": days}
    return _now("Released: the alerts of the newest day are judged within a minute.")
