"""Backtests in the console: the list, starting one, watching it, and reading what it found."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminSingleDateWidget

from agentfactory_cs.console.saving import ReadOnlyAdmin, show_refusal

from .. import backtesting, tasks
from ..backtesting.candidate import choosable
from ..backtesting.drafting import draft_of
from ..backtesting.span import HORIZON_DAYS, MAX_HORIZON_DAYS
from ..backtesting.words import headline
from ..console.backtests import MOODS, page
from ..models import Backtest, ScorecardVersion

LIST = "admin:health_backtest_changelist"
PAGE = "admin:health_backtest_change"


class BacktestForm(forms.Form):
    """What to put to the test, and over which time."""

    version = forms.ChoiceField(
        label=_("Scorecard"),
        required=False,
        widget=UnfoldAdminSelectWidget(),
        help_text=_("A published version or a draft; without one those in force, each for its tier."),
    )
    since = forms.DateField(
        label=_("From"),
        required=False,
        widget=UnfoldAdminSingleDateWidget(),
        help_text=_("The first month end looked at is on or after this day. Empty: as far back as the data goes."),
    )
    until = forms.DateField(
        label=_("To"),
        required=False,
        widget=UnfoldAdminSingleDateWidget(),
        help_text=_("The last one is on or before this day. Empty: the latest of which it is known who left."),
    )
    horizon_days = forms.IntegerField(
        label=_("Days to leave in"),
        initial=HORIZON_DAYS,
        min_value=1,
        max_value=MAX_HORIZON_DAYS,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text=_("A customer counts as having left if it does so within so many days after a month end."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        version: Any = self.fields["version"]
        version.choices = [("", _("Those in force")), *((one.pk, str(one)) for one in choosable())]

    def clean_version(self) -> ScorecardVersion | None:
        chosen = self.cleaned_data["version"]
        return ScorecardVersion.objects.select_related("scorecard").get(pk=chosen) if chosen else None


@admin.register(Backtest)
class BacktestAdmin(ReadOnlyAdmin):
    list_display = ("show_span", "show_scorecard", "show_state", "show_found", "created_at", "requested_by")
    list_filter = (("state", ChoicesDropdownFilter),)
    list_select_related = ("version__scorecard", "requested_by")
    list_filter_submit = False
    empty_words = _("A backtest replays past months and says whether the score saw coming who left.")

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/progress/", wrap(require_GET(self.progress_view)), name="health_backtest_progress"),
            path("<int:pk>/draft/", wrap(require_POST(self.draft_view)), name="health_backtest_draft"),
            *super().get_urls(),
        ]

    @display(description=_("Month ends"))
    def show_span(self, backtest: Backtest) -> str:
        return _now("%(since)s to %(until)s") % {"since": backtest.since, "until": backtest.until}

    @display(description=_("Scorecard"))
    def show_scorecard(self, backtest: Backtest) -> str:
        return scorecard_words(backtest)

    @display(
        description=_("State"),
        ordering="state",
        label={"queued": "info", "running": "warning", "done": "success", "failed": "danger"},
    )
    def show_state(self, backtest: Backtest) -> tuple[str, str]:
        return backtest.state, backtest.get_state_display()

    @display(description=_("What it found"))
    def show_found(self, backtest: Backtest) -> str:
        if backtest.result:
            result = backtesting.Result.from_json(backtest.result)
            return format_html('<span class="af-{}">{}</span>', MOODS[result.verdict], headline(result))
        if backtest.error:
            return backtest.error[:200]
        words = _now("%(done)s of %(total)s") % {"done": backtest.days_done, "total": backtest.days_total}
        bar = '<progress value="{}" max="{}"></progress> {}'
        return format_html(bar, backtest.days_done, max(backtest.days_total, 1), words)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("health.add_backtest")

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What to put to the test; a worker does the rest."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = BacktestForm(request.POST or None, initial=request.GET.dict())
        if request.method == "POST" and form.is_valid():
            try:
                backtest = backtesting.start(**form.cleaned_data, by=request.user, now=timezone.now())
            except ValidationError as refusal:
                show_refusal(form, refusal)
            else:
                transaction.on_commit(lambda: tasks.work_off_backtest.delay(backtest.pk))
                return redirect(PAGE, backtest.pk)
        context = {"title": _("New backtest"), "form": form, "media": form.media}
        return self._page(request, "admin/health/backtest/start.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What it found, or how far it is."""
        backtest = self.get_object(request, object_id)
        if backtest is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_permission(request, backtest):
            raise PermissionDenied
        context = {"title": str(backtest), "backtest": backtest, "scorecard": scorecard_words(backtest)}
        if backtest.result:
            context |= page(backtesting.Result.from_json(backtest.result))
        return self._page(request, "admin/health/backtest/backtest.html", context)

    def progress_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The bar alone; once there is something to read, word to load the page anew."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        backtest = get_object_or_404(Backtest, pk=pk)
        finished = backtest.state in (Backtest.State.DONE, Backtest.State.FAILED)
        headers = {"HX-Refresh": "true"} if finished else {}
        return TemplateResponse(request, "admin/health/backtest/progress.html", {"backtest": backtest}, headers=headers)

    def draft_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Make a draft of the suggested weights."""
        if not request.user.has_perm("health.add_scorecardversion") or not self.has_view_permission(request):
            raise PermissionDenied
        try:
            draft = draft_of(get_object_or_404(Backtest, pk=pk), by=request.user, now=timezone.now())
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
            return redirect(PAGE, pk)
        messages.success(request, _now("%(draft)s is made. It scores nobody until it is published.") % {"draft": draft})
        return HttpResponseRedirect(reverse("admin:health_scorecardversion_change", args=(draft.pk,)))

    def _page(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        request.current_app = self.admin_site.name
        around = {**self.admin_site.each_context(request), "opts": self.opts, "is_fullwidth": "1"}
        return TemplateResponse(request, template, {**around, **context})


def scorecard_words(backtest: Backtest) -> str:
    return str(backtest.version) if backtest.version else _now("Those in force")
