"""A playbook's preview in the console: asked for on the playbook's page, watched, and read."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST
from unfold.decorators import display

from agentfactory_cs.console.saving import ReadOnlyAdmin
from agentfactory_cs.console.templatetags.console import figure
from agentfactory_cs.customers.console.columns import money_words

from .. import preview, tasks
from ..models import PlaybookVersion, Preview
from ..preview.result import Result
from ..preview.words import cap_words, caveats, headline, refused_words, weekly

PAGE = "admin:playbooks_preview_change"
# Shades of the calendar, by share of the busiest day.
SHADES = 4


@admin.register(Preview)
class PreviewAdmin(ReadOnlyAdmin):
    list_display = ("show_version", "show_state", "show_found", "requested_at", "requested_by")
    list_select_related = ("version__playbook", "requested_by")
    empty_words = _("A preview lives the last 90 days through with a playbook. Ask for one on the playbook's page.")

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        return [
            path("of/<int:version>/", wrap(require_POST(self.ask)), name="playbooks_preview_ask"),
            path("<int:pk>/progress/", wrap(require_GET(self.progress)), name="playbooks_preview_progress"),
            *super().get_urls(),
        ]

    @display(description=_("Playbook"))
    def show_version(self, row: Preview) -> str:
        return str(row.version)

    @display(
        description=_("State"), label={"queued": "info", "running": "warning", "done": "success", "failed": "danger"}
    )
    def show_state(self, row: Preview) -> tuple[str, str]:
        return row.state, row.get_state_display()

    @display(description=_("What it found"))
    def show_found(self, row: Preview) -> str:
        return headline(Result.from_json(row.result)) if row.result else row.error[:200]

    def ask(self, request: HttpRequest, version: int) -> HttpResponse:
        """Anybody who may read the playbook may ask: it changes nothing."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = get_object_or_404(PlaybookVersion.objects.select_related("playbook"), pk=version)
        try:
            row = preview.request(found, by=request.user, now=timezone.now())
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
            return redirect("admin:playbooks_playbook_change", found.playbook_id)
        tasks.begin_preview(row)
        return redirect(PAGE, row.pk)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What it found, or how far it is."""
        rows = Preview.objects.select_related("version__playbook", "requested_by")
        row = get_object_or_404(rows, pk=object_id if object_id.isdecimal() else 0)
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "is_fullwidth": "1",
            "title": _now("Preview of %(version)s") % {"version": row.version},
            "original": row,
            "preview": row,
            "is_stale": not row.is_open and not preview.fresh(row, timezone.now()),
            **(page(Result.from_json(row.result)) if row.result else {}),
        }
        return TemplateResponse(request, "admin/playbooks/preview/page.html", context)

    def progress(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The bar alone; once there is something to read, word to load the page anew."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = get_object_or_404(Preview, pk=pk)
        headers = {} if row.is_open else {"HX-Refresh": "true"}
        return TemplateResponse(request, "admin/playbooks/preview/progress.html", {"preview": row}, headers=headers)


def page(result: Result) -> Mapping[str, Any]:
    """What its page shows beside the row itself."""
    return {
        "result": result,
        "headline": headline(result),
        "figures": _figures(result),
        "weeks": _weeks(result),
        "days": _days(result),
        "entrants": [{"one": one, "revenue": money_words(_amounts(one.revenue))} for one in result.entrants],
        "refused": refused_words(result),
        "caveats": caveats(result),
        "cap_words": cap_words(),
    }


def _amounts(kept: Mapping[str, str]) -> Mapping[str, Decimal]:
    return {currency: Decimal(amount) for currency, amount in kept.items()}


def _figures(result: Result) -> Sequence[Mapping[str, str]]:
    again = sum(result.entered) - result.customers
    busiest = _busiest(result)
    return [
        {
            "label": _now("Customers"),
            "number": figure(result.customers),
            "note": _now("%(n)s of them more than once") % {"n": figure(again)} if again else _now("in 90 days"),
        },
        {
            "label": _now("Mails a week"),
            "number": weekly(sum(result.mails), result),
            "note": _now("%(n)s in 90 days") % {"n": figure(sum(result.mails))},
        },
        {
            "label": _now("Tasks a week"),
            "number": weekly(sum(result.tasks), result),
            "note": _now("%(n)s in 90 days") % {"n": figure(sum(result.tasks))},
        },
        {"label": _now("Busiest day"), "number": busiest[0], "note": busiest[1]},
        {
            "label": _now("Would have left early"),
            "number": figure(result.left_early),
            "note": _now("by the exit condition, or because they churned"),
        },
        {
            "label": _now("Held out"),
            "number": figure(result.held_out),
            "note": _now("to measure the effect against"),
        },
    ]


def _busiest(result: Result) -> tuple[str, str]:
    """The day with the most tasks and mails together."""
    loads = [mails + tasks for mails, tasks in zip(result.mails, result.tasks, strict=True)]
    most = max(loads, default=0)
    if not most:
        return "–", _now("nothing would have been done")
    at = loads.index(most)
    said = {"mails": figure(result.mails[at]), "tasks": figure(result.tasks[at])}
    return date_format(result.day(at), "MONTH_DAY_FORMAT"), _now("%(mails)s mails and %(tasks)s tasks") % said


def _days(result: Result) -> Sequence[Mapping[str, Any]]:
    most = max(result.entered, default=0)
    return [
        {
            "day": result.day(place),
            "entered": entered,
            "mails": mails,
            "tasks": todo,
            "shade": -(-entered * SHADES // most) if most else 0,
            "words": _day_words(result, place),
        }
        for place, (entered, mails, todo) in enumerate(zip(result.entered, result.mails, result.tasks, strict=True))
    ]


def _day_words(result: Result, place: int) -> str:
    entered = result.entered[place]
    words = ngettext("%(n)s customer entered", "%(n)s customers entered", entered) % {"n": figure(entered)}
    work = _now("%(mails)s mails, %(tasks)s tasks") % {
        "mails": figure(result.mails[place]),
        "tasks": figure(result.tasks[place]),
    }
    return f"{date_format(result.day(place), 'DATE_FORMAT')}: {words}, {work}"


def _weeks(result: Result) -> Sequence[Mapping[str, Any]]:
    """The days in columns of a week, Monday on top; days outside the preview are None."""
    days = _days(result)
    lead = result.first_day.weekday()
    cells: list[Mapping[str, Any] | None] = [None] * lead + list(days)
    cells += [None] * (-len(cells) % 7)
    monday = result.first_day - timedelta(days=lead)
    return [
        {"monday": monday + timedelta(days=at), "days": cells[at : at + 7], "begins_month": _begins_month(monday, at)}
        for at in range(0, len(cells), 7)
    ]


def _begins_month(monday: date, at: int) -> bool:
    """Whether a month begins within the week: its name stands above."""
    week = monday + timedelta(days=at)
    return at == 0 or (week + timedelta(days=6)).day <= 7


def shown(versions: Sequence[PlaybookVersion]) -> Mapping[int, Preview]:
    """By version, its preview where there is one. One query."""
    rows = Preview.objects.filter(version__in=versions).select_related("version__playbook")
    return {row.version_id: row for row in rows}


def line_of(version: PlaybookVersion | None) -> Mapping[str, Any]:
    """What the playbook's page says of the preview of the version that it shows."""
    row = shown([version]).get(version.pk) if version else None
    result = Result.from_json(row.result) if row and row.result else None
    return {
        "preview": row,
        "preview_words": headline(result) if result else "",
        "preview_is_stale": bool(row and not row.is_open and not preview.fresh(row, timezone.now())),
    }
