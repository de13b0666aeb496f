"""Surveys in the sidebar and on a customer's page."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.charts import line
from agentfactory_cs.console.registry import Entry, Panel, entries, panels
from agentfactory_cs.customers.models import Customer

from ..models import Response, Survey, SurveyKind, SurveyRequest
from ..scales import mood

SHOWN = 5
# So many of the latest NPS answers make the line.
IN_LINE = 12

State = SurveyRequest.State


def surveys(request: HttpRequest, customer: Customer) -> Mapping[str, Any]:
    """What was answered, what is waited for, and what nobody answered or was asked; six queries at most."""
    answers = Response.objects.filter(customer=customer).select_related("contact")
    requests = SurveyRequest.objects.filter(customer=customer).exclude(state=State.ANSWERED)
    asked = list(requests.select_related("survey", "contact").order_by("-pk")[: 2 * SHOWN])
    return {
        "answers": [(answer, mood(answer.kind, answer.score)) for answer in answers[:SHOWN]],
        "waiting": [one for one in asked if one.state == State.OPEN and one.contact],
        "unanswered": [one for one in asked if one.state != State.OPEN][:SHOWN],
        **_trend(answers),
        **_askable(request, customer),
    }


def _trend(answers: QuerySet[Response]) -> Mapping[str, Any]:
    """The latest NPS answers, oldest first; nothing where they make no line."""
    scores = list(answers.filter(kind=SurveyKind.NPS).values_list("score", flat=True)[:IN_LINE])[::-1]
    if len(scores) < 2:
        return {}
    label = _("NPS answers: %(first)s, %(n)s answers later %(last)s") % {
        "first": scores[0],
        "n": len(scores) - 1,
        "last": scores[-1],
    }
    return {"trend": line(scores, low=0, high=10), "trend_label": label}


def _askable(request: HttpRequest, customer: Customer) -> Mapping[str, Any]:
    may_ask = request.user.has_perm("messaging.add_surveyrequest")
    if not may_ask or customer.lifecycle_stage == Customer.Stage.CHURNED:
        return {}
    return {
        "may_ask": True,
        "surveys": Survey.objects.filter(is_active=True),
        "contacts": customer.contacts.filter(left_on__isnull=True).order_by("-is_primary", "name"),
    }


panels.register(
    Panel(
        "messaging.surveys",
        "customers.Customer",
        _("Surveys"),
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
        "messaging.survey_requests",
        _("Survey requests"),
        "outgoing_mail",
        "messaging_surveyrequest_changelist",
        "records",
        71,
        "messaging.view_surveyrequest",
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
