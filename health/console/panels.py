"""The score on a customer's page: the chip in the head, why it is what it is, and how it got there."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.registry import Panel, panels
from agentfactory_cs.customers.days import utc_day
from agentfactory_cs.customers.models import Customer

from ..catalogue import cards_by_tier
from ..models import HealthOverride
from ..queries import explain, explain_now, history
from ..switches import Switch, switches
from .chips import bands_of, chip_of, days_back, switch_words
from .columns import SUBJECT
from .comparing import compare

HISTORY_DAYS = 180
PERMISSION = "health.view_healthscore"


def head(request: HttpRequest, customer: Customer) -> Mapping[str, Any]:
    override = HealthOverride.objects.in_force(utc_day(timezone.now())).filter(customer=customer).first()
    return {
        "chip": chip_of(explain_now(customer.pk)),
        "override": override,
        "may_override": request.user.has_perm("health.add_healthoverride")
        and customer.lifecycle_stage != Customer.Stage.CHURNED,
        "may_end": override is not None and request.user.has_perm("health.change_healthoverride"),
    }


def why(request: HttpRequest, customer: Customer) -> Mapping[str, Any]:
    return compare(request, customer)


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
    by_hand = any(row["effective"] != row["total"] for row in rows)
    return {"rows": list(reversed(rows)), "by_hand": by_hand, "chart": chart, "switches": switched}


def _chart(days: Any, by_day: Mapping[Any, Mapping[str, Any]], switched: Sequence[Switch]) -> dict[str, Any]:
    """What counted as a line, what was computed as a second where that differs, and the days on which another
    scorecard version took over as points."""
    totals = [_rounded(by_day.get(day), "effective") for day in days]
    computed = [_rounded(by_day.get(day), "total") for day in days]
    words = {switch.day: switch_words(switch) for switch in switched}
    taken_over = [total if day in words else None for day, total in zip(days, totals, strict=True)]
    return {
        "labels": [date_format(day, "SHORT_DATE_FORMAT") for day in days],
        "lines": [
            {"label": str(_("Score")), "values": totals},
            *_computed_line(computed, totals),
            {
                "label": str(_("New scorecard version")),
                "values": taken_over,
                "points": True,
                "notes": [words.get(day) for day in days],
            },
        ],
    }


def _computed_line(computed: list[float | None], counted: list[float | None]) -> list[dict[str, Any]]:
    """Where an override was in force; with the days beside it, so that a single day can be seen."""
    differs = [there != here for there, here in zip(computed, counted, strict=True)]
    if not any(differs):
        return []
    near = [any(differs[max(place - 1, 0) : place + 2]) for place in range(len(differs))]
    values = [value if is_near else None for value, is_near in zip(computed, near, strict=True)]
    return [{"label": str(_("As computed")), "values": values, "dashed": True}]


def _rounded(row: Mapping[str, Any] | None, name: str) -> float | None:
    return None if row is None or row[name] is None else round(row[name], 1)


for panel in (
    Panel("health.head", SUBJECT, _("Health"), "admin/panels/score_head.html", head, "head", 10, PERMISSION),
    Panel("health.why", SUBJECT, _("Why this score"), "admin/panels/score_why.html", why, "main", 10, PERMISSION),
    Panel(
        "health.history", SUBJECT, _("Score history"), "admin/panels/score_history.html", past, "main", 20, PERMISSION
    ),
):
    panels.register(panel)
