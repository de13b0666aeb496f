"""The weekly reports: weeks of a book, and one report with its pictures."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.widgets import UnfoldBooleanSwitchWidget

from agentfactory_cs.console.saving import ReadOnlyAdmin
from agentfactory_cs.customers.days import utc_day

from .. import reports, tasks
from ..console.reports import averages, distribution, flow, shares
from ..models import WeeklyReport
from ..reports import kept, layout, mail
from ..reports.content import Content, read
from ..reports.weeks import monday_of, newest_whole_week

LIST = "admin:health_weeklyreport_changelist"


class MakeForm(forms.Form):
    """Whether the mails go out as well."""

    send = forms.BooleanField(
        label=_("Send it by mail"),
        required=False,
        initial=True,
        widget=UnfoldBooleanSwitchWidget,
        help_text=_("To the CS managers and to every success manager with customers, once; without this, to nobody."),
    )


@admin.register(WeeklyReport)
class WeeklyReportAdmin(ReadOnlyAdmin):
    """Both pages are of their own: what the admin would show is a row with JSON in it."""

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("make/", wrap(self.make_view), name="health_weeklyreport_make"),
            path("<int:pk>/mail/", wrap(self.mail_view), name="health_weeklyreport_mail"),
            path("<int:pk>/send/", wrap(require_POST(self.send_view)), name="health_weeklyreport_send"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        self._require(request, "view")
        offered, may_make = kept.books(), request.user.has_perm("health.add_weeklyreport")
        owner_id = _owner(request, offered, may_make)
        weeks = kept.shelf(owner_id, before=_day(request.GET.get("before")), now=timezone.now())
        context = {
            "title": _("Weekly reports"),
            "books": offered,
            "owner_id": owner_id,
            "rows": [_row(one) for one in weeks],
            "older": weeks[-1].week if len(weeks) == kept.SHELF_WEEKS else None,
            "may_make": may_make and owner_id is None,
        }
        return self._page(request, "list", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self._require(request, "view")
        report = self._report(object_id)
        content = read(report.content)
        context = {
            "title": _("Weekly report"),
            "original": report,
            "report": report,
            "content": content,
            "whose": layout.whose(content),
            "days": layout.days_of(report.week),
            "neighbours": kept.neighbours(report),
            "has_pictures": content.standing is not None and content.standing.scored > 0,
            **_shown(content),
        }
        return self._page(request, "report", context)

    @staticmethod
    def _report(object_id: str) -> WeeklyReport:
        if not object_id.isdigit():
            raise Http404
        return get_object_or_404(WeeklyReport.objects.select_related("owner"), pk=object_id)

    def mail_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The mail as its readers get it, for a frame of the page: links open beside the console."""
        self._require(request, "view")
        html = mail.render(get_object_or_404(WeeklyReport, pk=pk)).html
        return HttpResponse(html.replace("<head>", '<head><base target="_blank">', 1))

    def send_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self._require(request, "view")
        report = get_object_or_404(WeeklyReport, pk=pk)
        me = _me(request)
        if reports.send(report, to=me, now=timezone.now()):
            messages.success(request, _now("The report is on its way to %(address)s.") % {"address": me.email})
        else:
            messages.error(request, _now("Your account has no e-mail address; an administrator can add it."))
        return HttpResponseRedirect(reverse("admin:health_weeklyreport_change", args=(pk,)))

    def make_view(self, request: HttpRequest) -> HttpResponse:
        """Make the reports of a week that has none; the workers do it."""
        self._require(request, "add")
        week = _week(request)
        form = MakeForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            send = form.cleaned_data["send"]
            transaction.on_commit(lambda: tasks.make_reports_of.delay(week.isoformat(), send))
            messages.success(request, _now("The reports are being made: reload the list in a moment."))
            return HttpResponseRedirect(reverse(LIST))
        context = {"title": _("Make the weekly reports"), "form": form, "days": layout.days_of(week)}
        return self._page(request, "make", context)

    def _require(self, request: HttpRequest, verb: str) -> None:
        if not request.user.has_perm(f"health.{verb}_weeklyreport"):
            raise PermissionDenied

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
        request.current_app = self.admin_site.name
        frame = {**self.admin_site.each_context(request), "opts": self.opts, "is_fullwidth": "1"}
        return TemplateResponse(request, f"admin/health/weeklyreport/{name}.html", {**frame, **context})


def _me(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # the site lets nobody else in
    return request.user


def _day(given: str | None) -> date | None:
    """A day from the address; anything that is none counts as not given."""
    try:
        return parse_date(given or "")
    except ValueError:
        return None


def _owner(request: HttpRequest, offered: list[kept.Book], is_manager: bool) -> int | None:
    chosen = request.GET.get("owner", "")
    if chosen == "book":
        return None
    if any(str(book.owner_id) == chosen for book in offered):
        return int(chosen)
    return kept.opens_on(_me(request), offered, is_manager=is_manager)


def _week(request: HttpRequest) -> date:
    """The Monday of the week to report, the newest whole one unless the address names another that is over."""
    newest = newest_whole_week(utc_day(timezone.now()))
    chosen = _day(request.GET.get("week"))
    return min(monday_of(chosen), newest) if chosen else newest


def _row(one: kept.Kept) -> dict[str, Any]:
    content = one.content
    return {
        "week": one.week,
        "days": layout.days_of(one.week),
        "report": one.report,
        "content": content,
        "tiles": layout.tiles(content)[:3] if content else [],
        "bands": layout.bands(content) if content else [],
    }


def _shown(content: Content) -> dict[str, Any]:
    return {
        "tiles": layout.tiles(content),
        "bands": layout.bands(content),
        "flows": layout.flows(content),
        "stayed": layout.stayed(content),
        "lists": layout.lists(content),
        "alerts": [(row, layout.precision(row)) for row in content.alerts],
        "measures": list(layout.measures(content)),
        "distribution": distribution(content),
        "averages": averages(content),
        "shares": shares(content),
        "flow": flow(content),
        "tenths": _tenths(content),
        "trend": list(reversed(content.trend)),
    }


def _tenths(content: Content) -> list[tuple[str, int, int | None]]:
    """The figures of the distribution: from – to, now, before."""
    if content.standing is None:
        return []
    before = content.before.tenths if content.before else [None] * 10
    spans = (f"{10 * tenth}–{10 * tenth + 10}" for tenth in range(10))
    return list(zip(spans, content.standing.tenths, before, strict=True))
