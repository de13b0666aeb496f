"""Weekly reports in the console: their line in the sidebar, and the pictures of a report's page."""

from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.registry import Entry, entries

from ..reports.content import BANDS, NEW, NO_DATA, Content, Standing
from ..reports.layout import MOODS, PLACES
from ..rules import AT_RISK, HEALTHY

entries.register(
    Entry(
        "health.reports",
        _("Reports"),
        "summarize",
        "health_weeklyreport_changelist",
        order=60,
        permission="health.view_weeklyreport",
    )
)


def distribution(content: Content) -> dict[str, Any]:
    """How many scores lie in each tenth, a week before and now."""
    stood: list[tuple[str, Standing]] = [("quiet", content.before)] if content.before else []
    if content.standing:
        stood.append(("ink", content.standing))
    return {
        "kind": "bar",
        "labels": [f"{10 * tenth}–{10 * tenth + 10}" for tenth in range(10)],
        "series": [
            {"label": date_format(one.day, "j M"), "mood": mood, "values": list(one.tenths)} for mood, one in stood
        ],
        "axis": _now("customers"),
    }


def averages(content: Content) -> dict[str, Any]:
    """The average score at the end of each week."""
    values = [None if point.average is None else round(point.average, 1) for point in content.trend]
    known = [value for value in values if value is not None]
    return {
        "kind": "line",
        "labels": [date_format(point.day, "j M") for point in content.trend],
        "series": [{"label": _now("Average score"), "mood": "ink", "values": values}],
        # A move of a point must be seen: the scale reaches ten points to either side.
        "low": max(0, 10 * int((min(known) - 10) // 10)) if known else 0,
        "high": min(100, 10 * int((max(known) + 20) // 10)) if known else 100,
        "axis": _now("of 100"),
    }


def shares(content: Content) -> dict[str, Any]:
    """The shares at risk and healthy at the end of each week, in per cent."""
    lines = (
        (AT_RISK, [point.at_risk_share for point in content.trend]),
        (HEALTHY, [100 * point.healthy / point.scored if point.scored else None for point in content.trend]),
    )
    return {
        "kind": "line",
        "labels": [date_format(point.day, "j M") for point in content.trend],
        "series": [
            {
                "label": str(PLACES[band]),
                "mood": MOODS[band],
                "values": [None if share is None else round(share, 1) for share in values],
            }
            for band, values in lines
        ],
        "low": 0,
        "axis": "%",
    }


def flow(content: Content) -> dict[str, Any]:
    """A bar for each band of the week before, cut into the bands its customers are in now."""
    origins = [origin for origin in (*BANDS, NEW, NO_DATA) if any(one.origin == origin for one in content.flows)]
    targets = [target for target in (*BANDS, NO_DATA, "left") if any(one.target == target for one in content.flows)]
    return {
        "kind": "bar",
        "horizontal": True,
        "stacked": True,
        "labels": [_now("was %(band)s") % {"band": PLACES[origin]} for origin in origins],
        "series": [
            {
                "label": _now("is %(band)s") % {"band": PLACES[target]},
                "mood": MOODS.get(target, "none"),
                "values": [content.moved((origin,), (target,)) for origin in origins],
            }
            for target in targets
        ],
        "axis": _now("customers"),
    }
