"""The health of the whole book on the dashboard: its distribution, and who fell most this week."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.registry import Card, Scope, cards
from agentfactory_cs.customers.days import utc_day
from agentfactory_cs.customers.queries import contracts

from ..catalogue import cards_by_tier, leading_card
from ..queries import Shape, current_day, falls, histogram, shape, totals_of_days
from ..rules import AT_RISK, BAND_LABELS, HEALTHY, STEADY
from ..rules import Card as ScorecardCard
from ..switches import switches
from .chips import MOODS, SPARK_DAYS, chip_of, days_back, spark, spark_words

FALLS_SHOWN = 6


def band_list(band: str, scope: Scope) -> str:
    """The customers list behind a band, filtered as the dashboard is."""
    chosen = {"whose": "all", "band": band}
    if tier := scope.filters.get("tier"):
        chosen["tier__exact"] = tier
    if owner := scope.filters.get("owner"):
        chosen["manager"] = owner
    return f"{reverse('admin:customers_customer_changelist')}?{urlencode(chosen)}"


def distribution(request: HttpRequest, scope: Scope) -> Mapping[str, Any]:
    now = shape(scope.until, scope.filters)
    before = shape(scope.before().until, scope.filters)
    if now is None or not now.scored:
        return {"shape": None}
    counts = histogram(now.day, scope.filters)
    most, judge = max(counts), leading_card(scope.filters.get("tier", ""))
    return {
        "shape": now,
        "bands": [_band(band, now, before, scope) for band in (AT_RISK, STEADY, HEALTHY)],
        "bars": [
            {
                "from": 10 * tenth,
                "to": 10 * tenth + 10,
                "count": count,
                "height": 100 * count / most,
                **_where(tenth, judge, scope),
            }
            for tenth, count in enumerate(counts)
        ],
    }


def _where(tenth: int, judge: ScorecardCard | None, scope: Scope) -> Mapping[str, str]:
    """A tenth goes by its middle, where a band begins within it."""
    band = judge.band(10 * tenth + 5) if judge else STEADY
    return {"mood": MOODS[band], "link": band_list(band, scope)}


def _band(band: str, now: Shape, before: Shape | None, scope: Scope) -> Mapping[str, Any]:
    count, was = getattr(now, band), getattr(before, band) if before and before.scored else None
    return {
        "label": BAND_LABELS[band],
        "mood": MOODS[band],
        "count": count,
        "share": 100 * count / now.scored,
        "change": None if was is None or before is None or before.day == now.day else count - was,
        "link": band_list(band, scope),
    }


def biggest_falls(request: HttpRequest, scope: Scope) -> Mapping[str, Any]:
    day = current_day(scope.until)
    if day is None:
        return {"falls": [], "day": None}
    fallen = falls(day, scope.filters, FALLS_SHOWN)
    ids = [customer.pk for customer, _explanation in fallen]
    since = days_back(day, SPARK_DAYS)[0]
    totals, switched, serving = totals_of_days(ids, since, day), switches(ids, since, day), cards_by_tier()
    running = contracts(ids, utc_day(scope.now))
    return {
        "day": day,
        "falls": [
            {
                "customer": customer,
                "chip": chip_of(explanation),
                "line": spark(totals[customer.pk], day, serving.get(customer.tier), switched.get(customer.pk, ())),
                "line_words": spark_words(switched.get(customer.pk, ())),
                "sentence": next(iter(explanation.sentences), ""),
                "renews_on": running[customer.pk].renews_on if customer.pk in running else None,
            }
            for customer, explanation in fallen
        ],
    }


cards.register(
    Card(
        "health.distribution",
        _("Distribution of scores"),
        "admin/cards/distribution.html",
        distribution,
        5,
        20,
        "health.view_healthscore",
    )
)
cards.register(
    Card(
        "health.falls",
        _("Biggest falls this week"),
        "admin/cards/falls.html",
        biggest_falls,
        7,
        21,
        "health.view_healthscore",
    )
)
