"""Score, history and reason in the customers list, its filter by band, and its order: worst first."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import F, FilteredRelation, Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin.dropdown_filters import DropdownFilter

from agentfactory_cs.console.registry import (
    Column,
    DefaultOrder,
    Filter,
    OrderedPart,
    columns,
    default_orders,
    filters,
)
from agentfactory_cs.console.templatetags.console import sparkline
from agentfactory_cs.customers.models import Customer

from ..catalogue import cards_by_tier
from ..explaining import Explanation
from ..queries import current_day, explain_many, in_band, provisional, totals_of_days
from ..rules import AT_RISK, BAND_LABELS, HEALTHY, STEADY
from ..switches import switches
from .chips import SPARK_DAYS, chip_of, days_back, spark, spark_words

SUBJECT = "customers.Customer"
# Before the names total, effective, coverage and version of the newest scored day's score on a row of the list.
JOINED = "health_"
EFFECTIVE = f"{JOINED}effective"
NEVER = date.min


def join_score(customers: QuerySet[Customer], now: datetime) -> QuerySet[Customer]:
    """Aliases, not a relation: filters in several steps then mean the same joined row. Where none is used,
    PostgreSQL leaves the join out, because it can neither add nor take away a row."""
    newest = Q(health_scores__day=current_day() or NEVER)
    return customers.alias(health_now=FilteredRelation("health_scores", condition=newest)).alias(
        **{f"{JOINED}{name}": F(f"health_now__{name}") for name in ("total", "effective", "coverage", "version")}
    )


def _newest_day(customers: Sequence[Customer]) -> date | None:
    """Asked once a page: four columns want to know, and the first thing of the page remembers it."""
    if not customers:
        return None
    if not hasattr(customers[0], "health_newest_day"):
        customers[0].health_newest_day = current_day()  # type: ignore[attr-defined]
    return customers[0].health_newest_day  # type: ignore[attr-defined]


def _explained(customers: Sequence[Customer], now: datetime) -> Mapping[int, Explanation]:
    # Three columns show the score; the first asks, the others find it on the things of the page.
    if customers and not hasattr(customers[0], "health_explained"):
        day = _newest_day(customers)
        found = explain_many([customer.pk for customer in customers], day) if day else {}
        for customer in customers:
            customer.health_explained = found.get(customer.pk)  # type: ignore[attr-defined]
    return {customer.pk: customer.health_explained for customer in customers}  # type: ignore[attr-defined]


def _sparks(customers: Sequence[Customer], now: datetime) -> Mapping[int, Any]:
    until = _newest_day(customers)
    if until is None:
        return {}
    since, ids = days_back(until, SPARK_DAYS)[0], [customer.pk for customer in customers]
    totals, switched, serving = totals_of_days(ids, since, until), switches(ids, since, until), cards_by_tier()
    return {
        customer.pk: (
            spark(totals[customer.pk], until, serving.get(customer.tier), switched.get(customer.pk, ())),
            spark_words(switched.get(customer.pk, ())),
        )
        for customer in customers
    }


def _why(explanation: Explanation | None) -> str:
    if explanation is None:
        return format_html('<span class="af-quiet">{}</span>', _now("not scored yet"))
    first = next(iter(explanation.sentences), "")
    return format_html('<span class="af-why" title="{}">{}</span>', "\n".join(explanation.sentences), first)


def _change_of(explanation: Explanation | None) -> float | None:
    return None if explanation is None or explanation.change is None else round(explanation.change, 1)


class BandFilter(DropdownFilter):
    """By the band of the newest scored day."""

    title = _("health")
    parameter_name = "band"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        named = [(band, BAND_LABELS[band]) for band in (AT_RISK, STEADY, HEALTHY)]
        return [*named, ("none", _("no data"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Customer]) -> QuerySet[Customer]:
        chosen = self.value()
        if chosen == "none":
            return queryset.filter(**{f"{EFFECTIVE}__isnull": True})
        return queryset.filter(in_band(chosen, JOINED)) if chosen in BAND_LABELS else queryset

    def condition_rows(self) -> list[dict[str, Any]]:
        """The same as a condition, for a segment."""
        if self.value() == "none":
            return [{"fact": "health.score", "operator": "unknown"}]
        return (
            [{"fact": "health.band", "operator": "in", "value": [self.value()]}] if self.value() in BAND_LABELS else []
        )


columns.register(
    Column(
        "health.score",
        SUBJECT,
        _("Health"),
        _explained,
        lambda explanation: chip_of(explanation).render(),
        prepare=join_score,
        ordering=EFFECTIVE,
        sparse=True,
        order=10,
        cells=(
            (_("Health, 0 to 100"), lambda explanation: explanation and explanation.shown),
            (_("Band"), lambda explanation: explanation and explanation.band),
            (_("Change in 7 days, points"), _change_of),
        ),
    )
)
columns.register(
    Column(
        "health.history",
        SUBJECT,
        _("90 days"),
        _sparks,
        lambda drawn: sparkline(*(drawn or (None, ""))),
        order=11,
    )
)
columns.register(
    Column(
        "health.why",
        SUBJECT,
        _("Why"),
        _explained,
        _why,
        order=12,
        cells=((_("Why"), lambda explanation: explanation and "; ".join(explanation.sentences)),),
    )
)
filters.register(Filter("health.band", SUBJECT, BandFilter))


def _parts() -> list[OrderedPart]:
    """A provisional score may be low for want of data alone, so those follow the ones that can be trusted."""
    scored, unsure = Q(**{f"{EFFECTIVE}__isnull": False}), provisional(JOINED)
    by_score = (EFFECTIVE, "pk")
    return [
        OrderedPart(scored & ~unsure, by_score),
        OrderedPart(scored & unsure, by_score),
        OrderedPart(Q(**{f"{EFFECTIVE}__isnull": True}), ("name", "pk")),
    ]


default_orders.register(
    DefaultOrder("health.worst_first", SUBJECT, _("worst score first, provisional ones last"), _parts)
)
