"""Survey answers in the console."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.registry import Entry, Panel, entries, panels
from agentfactory_cs.customers.models import Customer

from ..models import Response, SurveyKind
from ..queries import DETRACTOR, PROMOTER

SHOWN = 5
LOW_CSAT = 2


def surveys(request: HttpRequest, customer: Customer) -> Mapping[str, Any]:
    latest = Response.objects.filter(customer=customer).select_related("contact")[:SHOWN]
    return {"answers": [(answer, _mood(answer)) for answer in latest]}


def _mood(answer: Response) -> str:
    if answer.kind == SurveyKind.NPS:
        return "good" if answer.score >= PROMOTER else "bad" if answer.score <= DETRACTOR else "plain"
    return "bad" if answer.score <= LOW_CSAT else "plain"


panels.register(
    Panel(
        "messaging.surveys",
        "customers.Customer",
        _("Last survey answers"),
        "admin/panels/surveys.html",
        surveys,
        "side",
        50,
        "messaging.view_response",
    )
)
for entry in (
    Entry(
        "messaging.responses",
        _("Survey answers"),
        "rate_review",
        "messaging_response_changelist",
        "records",
        70,
        "messaging.view_response",
    ),
    Entry(
        "messaging.surveys",
        _("Surveys"),
        "quiz",
        "messaging_survey_changelist",
        "settings",
        40,
        "messaging.view_survey",
    ),
):
    entries.register(entry)
