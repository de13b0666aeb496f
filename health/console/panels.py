"""The score on a customer's page: the chip in the head, why it is what it is, and how it got there."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.registry import Panel, panels
from agentfactory_cs.customers.models import Customer

from ..explaining import Explanation
from ..queries import explain, explain_now, history
from .chips import BANDS, chip_of, days_back
from .columns import SUBJECT

HISTORY_DAYS = 180
PERMISSION = "health.view_healthscore"


def head(request: HttpRequest, customer: Customer) -> Mapping[str, Any]:
    return {"chip": chip_of(explain_now(customer.pk))}


def why(request: HttpRequest, customer: Customer) -> Mapping[str, Any]:
    explanation = explain_now(customer.pk)
    return {"explanation": explanation, "missing": _missing(explanation)}


def _missing(explanation: Explanation | None) -> list[str]:
    """What had no data, and so gave its weight to the others."""
    if explanation is None:
        return []
    return [metric.label for metric in explanation.metrics if metric.best is not None and metric.reading is None]


def past(request: HttpRequest, customer: Customer) -> Mapping[str, Any] | None:
    explanation = explain(customer.pk)
    if explanation is None:
        return None
    until = explanation.day
    rows = history(customer.pk, until - timedelta(days=HISTORY_DAYS - 1), until)
    by_day = {row["day"]: row for row in rows}
    days = days_back(until, (until - rows[0]["day"]).days + 1)
    return {
        "rows": list(reversed(rows)),
        "chart": _chart(days, by_day),
    }


def _chart(days: Any, by_day: Mapping[Any, Mapping[str, Any]]) -> dict[str, Any]:
    """The total as a line, and the days on which another scorecard version took over as points on it."""
    totals = [_rounded(by_day.get(day)) for day in days]
    versions = [by_day[day]["version_id"] if day in by_day else None for day in days]
    switched = [
        total if before is not None and version is not None and before != version else None
        for before, version, total in zip([None, *versions], versions, totals, strict=False)
    ]
    return {
        "labels": [date_format(day, "SHORT_DATE_FORMAT") for day in days],
        "bands": BANDS,
        "lines": [
            {"label": str(_("Score")), "values": totals},
            {"label": str(_("New scorecard version")), "values": switched, "points": True},
        ],
    }


def _rounded(row: Mapping[str, Any] | None) -> float | None:
    return None if row is None or row["total"] is None else round(row["total"], 1)


for panel in (
    Panel("health.head", SUBJECT, _("Health"), "admin/panels/score_head.html", head, "head", 10, PERMISSION),
    Panel("health.why", SUBJECT, _("Why this score"), "admin/panels/score_why.html", why, "main", 10, PERMISSION),
    Panel(
        "health.history", SUBJECT, _("Score history"), "admin/panels/score_history.html", past, "main", 20, PERMISSION
    ),
):
    panels.register(panel)
