"""Backtests in the sidebar, and what the page of a finished one shows of its figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agentfactory_cs.console.registry import Entry, entries

from ..backtesting.figures import Measure
from ..backtesting.result import Caught, Discrimination, Lead, Result, Rival
from ..backtesting.words import (
    RIVALS,
    headline,
    interval,
    metric_label,
    percent,
    sentences,
    suggestion_words,
)
from ..metrics import KEYS, METRICS, component_of

MOODS: Mapping[str, str] = {
    "signal": "good",
    "wrong_way": "bad",
    "no_signal": "warn",
    "only_age": "warn",
    "too_few": "quiet",
}


entries.register(
    Entry(
        "health.backtests",
        gettext_lazy("Backtests"),
        "history",
        "health_backtest_changelist",
        "settings",
        52,
        "health.view_backtest",
    )
)


def page(result: Result) -> dict[str, Any]:
    """The context of the template beside the row itself."""
    return {
        "result": result,
        "headline": headline(result),
        "mood": MOODS[result.verdict],
        "sentences": sentences(result),
        "figures": _figures(result),
        "areas": _areas(result),
        "tenths": _tenths(result),
        "tenths_chart": _tenths_chart(result),
        "tiers": [{"tier": one, "range": _range(one.area)} for one in result.tiers],
        "months_chart": _months_chart(result),
        "months": [{"day": date.fromisoformat(one.day), "figures": one} for one in result.months],
        "suggestion": result.suggestion,
        "suggestion_words": suggestion_words(result.suggestion),
        "weights": _weights(result),
    }


@dataclass(frozen=True)
class Figure:
    """A number on top of the page, with its unit, what it means, and what it is compared with."""

    label: str
    title: str
    number: str
    note: str


def _figures(result: Result) -> list[Figure]:
    caught = [_caught_figure(one) for one in result.caught]
    return [_area_figure(result.score.area), *caught, _lead_figure(result.lead)]


def _area_figure(area: Measure | None) -> Figure:
    return Figure(
        _("Told apart"),
        _("Of one who left and one who stayed, how often the one who left had the lower score"),
        percent(area.value) if area else "–",
        _("%(interval)s · chance is 50 %%") % {"interval": interval(area)},
    )


def _caught_figure(one: Caught) -> Figure:
    share = percent(one.share)
    return Figure(
        _("Caught in the worst %(share)s") % {"share": share},
        _("Of those who left, how many stood among the lowest scores of the month end before"),
        percent(one.caught / one.of) if one.of else "–",
        _("%(caught)s of %(of)s · chance is %(share)s") % {"caught": f"{one.caught:.0f}", "of": one.of, "share": share},
    )


def _lead_figure(lead: Lead) -> Figure:
    days = None if lead.median_days is None else round(lead.median_days)
    return Figure(
        _("Time to act"),
        _("Median days between the first of a lasting stay in the worst fifth and the departure"),
        "–" if days is None else _("%(days)s days") % {"days": days},
        _("median of the %(seen)s of %(of)s departures that were seen") % {"seen": lead.seen, "of": lead.of},
    )


def _range(measure: Measure | None) -> dict[str, Any] | None:
    """An interval as places on a line from 0 to 100 %."""
    if measure is None:
        return None
    mood = "plain" if measure.is_chance else "good" if measure.low > 0.5 else "bad"
    return {
        "left": measure.low * 100,
        "width": max((measure.high - measure.low) * 100, 1),
        "dot": measure.value * 100,
        "mood": mood,
        "value": percent(measure.value),
        "interval": interval(measure),
    }


def _areas(result: Result) -> list[dict[str, Any]]:
    """The score, the plain rules, and the metrics that had data, the surest first."""
    metrics = sorted((one for one in result.metrics if one.area), key=lambda one: -one.area.low if one.area else 0)
    return [
        _area_row(_("The score"), result.score, is_score=True),
        *(_area_row(_("Rule: %(rule)s") % {"rule": RIVALS[one.key]()}, one) for one in result.rivals),
        *(_area_row(metric_label(one.key), one, title=_definition(one.key)) for one in metrics),
    ]


def _area_row(label: str, one: Discrimination | Rival, **more: Any) -> dict[str, Any]:
    share = one.share if isinstance(one, Discrimination) else None
    return {"label": label, "range": _range(one.area), "net": _range(one.net), "share": share, **more}


def _definition(key: str) -> str:
    return METRICS[KEYS.index(key)].definition


def _tenths(result: Result) -> list[dict[str, Any]]:
    return [{"one": one, "share": 100 * one.left / one.looks} for one in result.tenths]


def _tenths_chart(result: Result) -> dict[str, Any]:
    return {
        "kind": "bar",
        "max": None,
        "unit": " %",
        "labels": [f"{one.lowest:.0f}" for one in result.tenths],
        "lines": [
            {
                "label": _("Left within %(days)s days, %%") % {"days": result.horizon_days},
                "values": [round(100 * one.left / one.looks, 1) for one in result.tenths],
            }
        ],
    }


def _months_chart(result: Result) -> dict[str, Any]:
    caught = [round(one.caught, 1) for one in result.months]
    return {
        "kind": "bar",
        "max": None,
        "stacked": True,
        "labels": [date_format(date.fromisoformat(one.day), "M Y") for one in result.months],
        "lines": [
            {"label": _("Left, from the worst fifth"), "values": caught},
            {
                "label": _("Left, from the others"),
                "values": [round(one.left - hit, 1) for one, hit in zip(result.months, caught, strict=True)],
                "quiet": True,
            },
        ],
    }


def _weights(result: Result) -> list[dict[str, Any]]:
    """The suggested weight of each metric in the whole, in per cent."""
    definition = result.suggestion.definition
    if definition is None:
        return []
    return [
        {"label": component.capitalize(), "share": round(100 * weight), "metrics": _shares(definition, component)}
        for component, weight in definition["components"].items()
    ]


def _shares(definition: Mapping[str, Any], component: str) -> list[str]:
    inside = [key for place, key in enumerate(KEYS) if component_of(place) == component]
    shares = {key: definition["metrics"][key]["weight"] for key in inside}
    return [f"{metric_label(key)} {percent(share)}" for key, share in shares.items() if share]
