"""On the dashboard: a banner while an incident is open, how fresh the data is, and what is held."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.parts import allowed
from agentfactory_cs.console.registry import Card, Entry, Scope, cards, entries

from .. import incidents
from ..models import Incident, ScoringRun
from ..watermarks import FRESH, LATE, NEVER, QUIET, watermarks

MOODS = {FRESH: "good", LATE: "bad", QUIET: "plain", NEVER: "none"}


def banner(request: HttpRequest, scope: Scope) -> Mapping[str, Any] | None:
    """Nothing while all is well."""
    open_ones = list(Incident.objects.filter(closed_at__isnull=True))
    if not open_ones:
        return None
    return {"incidents": [_told(incident, request) for incident in open_ones]}


def _told(incident: Incident, request: HttpRequest) -> Mapping[str, Any]:
    return {
        "incident": incident,
        "meaning": incidents.what_it_means(incident),
        "may_release": allowed(request.user, incidents.RELEASE),
    }


def freshness(request: HttpRequest, scope: Scope) -> Mapping[str, Any]:
    held = ScoringRun.objects.filter(state=ScoringRun.State.HELD).select_related("incident").order_by("-day")
    return {
        "watermarks": [(watermark, MOODS[watermark.state]) for watermark in watermarks(scope.now)],
        "held": held,
        "newest": ScoringRun.objects.filter(state=ScoringRun.State.DONE).order_by("-day").first(),
        "may_release": allowed(request.user, incidents.RELEASE),
    }


cards.register(
    Card(
        "health.incidents",
        _("Incident"),
        "admin/cards/incidents.html",
        banner,
        12,
        0,
        "health.view_incident",
        announced=False,
    )
)
cards.register(
    Card(
        "health.freshness",
        _("Data freshness and held runs"),
        "admin/cards/freshness.html",
        freshness,
        7,
        20,
        "health.view_scoringrun",
    )
)
entries.register(
    Entry(
        "health.incidents",
        _("Incidents"),
        "report",
        "health_incident_changelist",
        "settings",
        52,
        "health.view_incident",
    )
)
