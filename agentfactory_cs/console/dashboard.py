"""The dashboard: what it is asked about, and its key figures beside those of the period before."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from .moments import utc_day
from .parts import allowed
from .registry import Kpi, Scope, Words, cards, kpis, scope_filters

PERIODS: tuple[tuple[int, Words], ...] = ((7, _("7 days")), (28, _("28 days")), (90, _("90 days")))


@dataclass(frozen=True)
class Figure:
    """A key figure as people read it; `change` is None where there is nothing to compare with."""

    kpi: Kpi
    value: float | None
    before: float | None
    change: float | None
    mood: Literal["better", "worse", "same"]
    link: str | None
    period: str


def scope_of(request: HttpRequest) -> Scope:
    """Period and filters from the address; anything that is not offered counts as not chosen."""
    now = timezone.now()
    until = utc_day(now)
    chosen = {
        item.name: request.GET[item.name]
        for item in scope_filters
        if request.GET.get(item.name) in {str(value) for value, _label in item.choices(request)} - {""}
    }
    return Scope(until - timedelta(days=_days(request) - 1), until, now, chosen)


def _days(request: HttpRequest) -> int:
    wanted = request.GET.get("days", "")
    return int(wanted) if wanted in {str(days) for days, _label in PERIODS} else PERIODS[0][0]


def read_figure(kpi: Kpi, scope: Scope) -> Figure:
    value, before = kpi.value(scope), kpi.value(scope.before())
    change = None if value is None or before is None else round(value - before, kpi.decimals)
    days = (scope.until - scope.since).days + 1
    return Figure(
        kpi,
        value,
        before,
        change,
        _mood(kpi, change),
        kpi.link(scope) if kpi.link else None,
        ngettext("last %(days)s day", "last %(days)s days", days) % {"days": days},
    )


def _mood(kpi: Kpi, change: float | None) -> Literal["better", "worse", "same"]:
    if not change:
        return "same"
    return "better" if (change > 0) == (kpi.better == "higher") else "worse"


def fill(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The theme's DASHBOARD_CALLBACK: the frame of the page; its parts come by requests of their own."""
    scope = scope_of(request)
    return {
        **context,
        "title": _("Dashboard"),
        "is_fullwidth": "1",
        "scope": scope,
        "periods": PERIODS,
        "days": (scope.until - scope.since).days + 1,
        "filters": [
            {
                "name": item.name,
                "label": item.label,
                "choices": item.choices(request),
                "value": scope.filters.get(item.name, ""),
            }
            for item in scope_filters
        ],
        "kpis": [item for item in kpis if not item.is_detail and allowed(request.user, item.permission)],
        "cards": [item for item in cards if allowed(request.user, item.permission)],
        "query": request.GET.urlencode(),
    }
