"""Key figures from survey answers."""

from datetime import datetime, timedelta

import pytest

from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.tests.factories import NOW, YESTERDAY, make_customer
from agentfactory_cs.messaging.models import Response, Survey, SurveyKind
from agentfactory_cs.messaging.queries import mean_score, nps
from agentfactory_cs.messaging.services import record_response

pytestmark = pytest.mark.django_db
SINCE = YESTERDAY - timedelta(days=6)


def _answer(score: int, kind: SurveyKind = SurveyKind.NPS, at: datetime | None = None, **customer: str) -> None:
    answer = Response(
        survey=Survey.objects.get(kind=kind),
        customer=make_customer(**customer),
        score=score,
        answered_at=at or NOW - timedelta(days=1),
    )
    record_response(answer, now=NOW)


def test_nps_is_promoters_less_detractors() -> None:
    for score in (10, 9, 8, 7, 6):
        _answer(score)

    assert nps(SINCE, YESTERDAY, {}) == pytest.approx(100 * (2 - 1) / 5)


def test_answers_before_or_after_the_period_do_not_count() -> None:
    _answer(10)
    _answer(0, at=NOW - timedelta(days=8))
    _answer(0, at=NOW)

    assert nps(SINCE, YESTERDAY, {}) == 100


def test_without_answers_there_is_no_figure() -> None:
    assert nps(SINCE, YESTERDAY, {}) is None
    assert mean_score(SurveyKind.SUPPORT_CSAT, SINCE, YESTERDAY, {}) is None


def test_kinds_do_not_mix() -> None:
    _answer(10)
    _answer(4, SurveyKind.SUPPORT_CSAT)
    _answer(5, SurveyKind.SUPPORT_CSAT)

    assert mean_score(SurveyKind.SUPPORT_CSAT, SINCE, YESTERDAY, {}) == pytest.approx(4.5)


def test_a_tier_can_be_asked_about() -> None:
    _answer(10, tier=Customer.Tier.PRO)
    _answer(0, tier=Customer.Tier.FREE)

    assert nps(SINCE, YESTERDAY, {"tier": "pro"}) == 100
