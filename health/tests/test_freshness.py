"""How fresh the rows behind the readings are."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agentfactory_cs.customers import services as customers
from agentfactory_cs.customers.models import Interaction, OutcomeReport, Training
from agentfactory_cs.customers.tests.factories import NOW, YESTERDAY, make_customer, make_goal, make_usage
from agentfactory_cs.messaging.models import Response, Survey
from agentfactory_cs.messaging.services import record_response
from health.freshness import Freshness, freshness
from support.tests.desks import make_ticket

pytestmark = pytest.mark.django_db


def _back(days: int):  # type: ignore[no-untyped-def]
    return YESTERDAY - timedelta(days=days)


def test_the_newest_row_and_how_many_there_are_by_metric_in_one_statement() -> None:
    customer = make_customer()
    make_usage(customer, until=_back(3), days=40, api_calls=5)
    make_usage(customer, until=_back(60), days=1, community_posts=2)
    customers.save_training(Training(customer=customer, course="Basics", assigned_on=_back(9)), now=NOW)
    customers.record_reading(make_goal(customer, set_on=_back(50)), value=40, on=_back(12), now=NOW)
    make_goal(customer, set_on=_back(5), kind="success_metric")
    for end, currency in ((_back(40), "EUR"), (_back(10), "USD")):
        report = OutcomeReport(
            customer=customer,
            period_start=end - timedelta(days=20),
            period_end=end,
            cost=1,
            value_delivered=2,
            currency=currency,
        )
        customers.save_outcome_report(report, now=NOW)
    for days in (200, 150, 20):  # the second lies before the signup
        moment = NOW - timedelta(days=days)
        answer = Response(survey=Survey.objects.get(kind="nps"), customer=customer, score=9, answered_at=moment)
        record_response(answer, now=NOW)
    talk = Interaction(customer=customer, kind="call", subject="Hello", held_at=NOW - timedelta(days=7))
    customers.log_interaction(talk, now=NOW)
    customers.estimate_renewal(customer, likelihood=50, on=_back(80), now=NOW)

    for days in (27, 28):
        make_ticket(customer=customer, created_at=NOW - timedelta(days=1 + days))

    with CaptureQueriesContext(connection) as statements:
        found = freshness(customer.pk, YESTERDAY)

    assert len(statements) == 1
    assert found["api_calls_per_day"] == Freshness(_back(3), 25)
    assert found["community_participation"] == Freshness(_back(60), 1)
    assert found["training_completion"] == Freshness(_back(9), 1)
    assert found["goal_achievement"] == Freshness(_back(12), 1)
    assert found["success_metrics"] == Freshness(_back(5), 1)
    assert found["roi"] == Freshness(_back(10), 1)
    assert found["value_realization"] == Freshness(None, 0)
    assert found["nps"] == Freshness(_back(19), 1)
    assert found["support_satisfaction"] == Freshness(None, 0)
    assert found["account_manager_interactions"] == Freshness(_back(6), 1)
    assert found["renewal_likelihood"] == Freshness(_back(80), 1)
    assert found["support_ticket_volume"] == Freshness(_back(27), 1)


def test_what_came_after_the_day_does_not_count() -> None:
    customer = make_customer()
    make_usage(customer, until=YESTERDAY, days=3, api_calls=5)

    assert freshness(customer.pk, _back(1))["login_frequency"] == Freshness(_back(1), 2)
