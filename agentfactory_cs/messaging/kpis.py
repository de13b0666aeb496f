"""Key figures from what customers answer."""

from functools import partial

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.registry import Kpi, Scope, kpis

from .models import SurveyKind
from .queries import mean_score, nps
from .survey_queries import response_rate


def _nps(scope: Scope) -> float | None:
    return nps(scope.since, scope.until, scope.filters)


def _rate(scope: Scope) -> float | None:
    return response_rate(scope.since, scope.until, scope.filters)


def _requests(scope: Scope) -> str:
    return f"{reverse('admin:messaging_surveyrequest_changelist')}?which=all"


def _mean(kind: str, scope: Scope) -> float | None:
    return mean_score(kind, scope.since, scope.until, scope.filters)


def _answers(kind: str, scope: Scope) -> str:
    return f"{reverse('admin:messaging_response_changelist')}?kind__exact={kind}"


kpis.register(
    Kpi(
        "messaging.nps",
        _("NPS"),
        _("Share of promoters (9 and 10) less share of detractors (0 to 6) among the period's answers."),
        _("points"),
        _nps,
        decimals=0,
        link=partial(_answers, SurveyKind.NPS),
        order=50,
        permission="messaging.view_response",
    )
)
for key, label, kind, order in (
    ("support_satisfaction", _("Support satisfaction"), SurveyKind.SUPPORT_CSAT, 51),
    ("onboarding_satisfaction", _("Onboarding satisfaction"), SurveyKind.ONBOARDING_CSAT, 52),
):
    kpis.register(
        Kpi(
            f"messaging.{key}",
            label,
            _("Mean of the period's answers on the scale from 1 to 5."),
            _("of 5"),
            partial(_mean, kind),
            decimals=2,
            link=partial(_answers, kind),
            order=order,
            permission="messaging.view_response",
        )
    )
kpis.register(
    Kpi(
        "messaging.response_rate",
        _("Survey response rate"),
        _("Of the people who were asked in the period by any survey, the share who have answered by now."),
        _("%"),
        _rate,
        decimals=0,
        link=_requests,
        order=53,
        permission="messaging.view_surveyrequest",
    )
)
