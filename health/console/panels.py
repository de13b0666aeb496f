"""The score on a customer's page: the chip in the head, why it is what it is, and how it got there."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.registry import Panel, panels
from agentfactory_cs.customers.models import Customer

from ..catalogue import cards_by_tier
from ..explaining import Explanation
from ..queries import explain, explain_now, history
from ..switches import Switch, switches
from .chips import bands_of, chip_of, days_back, switch_words
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
    switched = switches([customer.pk], days[0], until).get(customer.pk, [])
    chart = _chart(days, by_day, switched)
    chart["bands"] = bands_of(cards_by_tier().get(customer.tier))
    return {"rows": list(reversed(rows)), "chart": chart, "switches": switched}


def _chart(days: Any, by_day: Mapping[Any, Mapping[str, Any]], switched: Sequence[Switch]) -> dict[str, Any]:
    """The total as a line, and the days on which another scorecard version took over as points on it."""
    totals = [_rounded(by_day.get(day)) for day in days]
    words = {switch.day: switch_words(switch) for switch in switched}
    taken_over = [total if day in words else None for day, total in zip(days, totals, strict=True)]
    return {
        "labels": [date_format(day, "SHORT_DATE_FORMAT") for day in days],
        "lines": [
            {"label": str(_("Score")), "values": totals},
            {
                "label": str(_("New scorecard version")),
                "values": taken_over,
                "points": True,
                "notes": [words.get(day) for day in days],
            },
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
