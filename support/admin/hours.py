"""Opening hours: the calendars, each with its week, its own days, and the holidays it is closed on."""

from datetime import date
from typing import Any

import holidays
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.saving import ReadOnlyAdmin, show_refusal

from ..clocks.calendar import WEEK
from ..hours import save_calendar
from ..models import BusinessCalendar, OwnDay
from ..tasks import ring_for_due_times
from .hours_form import CalendarForm, OwnDayFormSet, write_spans

MAY_CHANGE = "support.change_businesscalendar"
YEARS = 2


@admin.register(BusinessCalendar)
class BusinessCalendarAdmin(ReadOnlyAdmin):
    list_display = ("name", "show_week", "time_zone", "country", "is_default")
    ordering = ("name",)
    empty_words = _("The company's working hours are put in place by the migrations.")

    @admin.display(description=_("Open"))
    def show_week(self, calendar: BusinessCalendar) -> str:
        """Days of the same hours one after another, together."""
        told: list[tuple[str, str, str]] = []
        for key in WEEK:
            hours = write_spans(calendar.week.get(key))
            if told and told[-1][2] == hours:
                told[-1] = (told[-1][0], key, hours)
            else:
                told.append((key, key, hours))
        spoken = (f"{first if first == last else f'{first}–{last}'} {hours}" for first, last, hours in told if hours)
        return "; ".join(spoken)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("support.add_businesscalendar")

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        return self._edit(request, BusinessCalendar(week={}, time_zone="UTC"))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = BusinessCalendar.objects.prefetch_related("teams")
        return self._edit(request, get_object_or_404(found, pk=object_id if object_id.isdecimal() else 0))

    def _edit(self, request: HttpRequest, calendar: BusinessCalendar) -> HttpResponse:
        if request.method == "POST" and not request.user.has_perm(MAY_CHANGE):
            raise PermissionDenied
        given = request.POST or None
        form = CalendarForm(given, instance=calendar)
        days = OwnDayFormSet(given, instance=calendar, prefix="days")
        if form.is_bound and form.is_valid() and days.is_valid() and _save(request, form, days):
            return HttpResponseRedirect(reverse("admin:support_businesscalendar_change", args=(calendar.pk,)))
        return self._page(request, calendar, form, days)

    def _page(self, request: HttpRequest, calendar: BusinessCalendar, form: CalendarForm, days: Any) -> HttpResponse:
        today = timezone.localdate()
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": calendar.name or _("New opening hours"),
            "original": calendar if calendar.pk else None,
            "form": form,
            "own_days": days,
            "holidays": _holidays(calendar, range(today.year, today.year + YEARS)),
            "today": today,
            "teams": calendar.teams.all() if calendar.pk else (),
            "may_change": request.user.has_perm(MAY_CHANGE),
        }
        return TemplateResponse(request, "admin/support/hours.html", context)


def _save(request: HttpRequest, form: CalendarForm, days: Any) -> bool:
    kept = [one for one in days.forms if one.cleaned_data.get("day") and not one.cleaned_data.get("DELETE")]
    own = [OwnDay(**{name: one.cleaned_data[name] for name in ("day", "name", "spans")}) for one in kept]
    try:
        save_calendar(form.instance, own_days=own, by=request.user, now=timezone.now())
    except ValidationError as refusal:
        show_refusal(form, refusal)
        return False
    ring_for_due_times()
    messages.success(request, _now("Saved. The due times of tickets follow within moments."))
    return True


def _holidays(calendar: BusinessCalendar, years: range) -> list[tuple[date, str]]:
    """Those of its country, by day; none where nothing is known of it."""
    if not calendar.country:
        return []
    try:
        found = holidays.country_holidays(calendar.country, subdiv=calendar.subdivision or None, years=years)
    except NotImplementedError:
        return []
    return sorted(found.items())
