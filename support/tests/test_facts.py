"""What conditions can ask of a customer's tickets, as of a moment."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from agentfactory_cs.customers.conditions import Condition
from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.tests.factories import NOW, make_customer
from agentfactory_cs.customers.tests.facts import known
from agentfactory_cs.messaging.models import Response, Survey
from support.models import TicketChange

from .desks import make_ticket

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def days_ago(days: float) -> datetime:
    return NOW - days * DAY


@pytest.fixture
def customer() -> Customer:
    """With one ticket open, one critical and open, one resolved three days ago, and one closed long ago."""
    customer = make_customer()
    make_ticket(customer=customer, created_at=days_ago(20))
    make_ticket(customer=customer, created_at=days_ago(10), severity="critical", status="pending")
    make_ticket(customer=customer, created_at=days_ago(5), status="resolved", resolved_at=days_ago(3))
    make_ticket(customer=customer, created_at=days_ago(80), status="closed", closed_at=days_ago(70))
    make_ticket(customer=make_customer(), created_at=days_ago(1))
    return customer


@pytest.mark.parametrize(
    ("fact", "at", "value"),
    [
        ("open_tickets", 0, 2),
        ("open_tickets", 4, 3),
        ("open_tickets", 15, 1),
        ("open_tickets", 75, 1),
        ("open_tickets", 90, 0),
        ("open_critical", 0, 1),
        ("open_critical", 11, 0),
        ("opened_7d", 0, 1),
        ("opened_14d", 0, 2),
        ("opened_14d", 9, 2),
        ("opened_28d", 0, 3),
        ("opened_90d", 0, 4),
        ("days_since_last", 0, 5),
        ("days_since_last", 30, 50),
        ("days_since_last", 90, None),
    ],
)
def test_each_says_what_was_so_at_the_moment(customer: Customer, fact: str, at: float, value: int | None) -> None:
    assert known(f"support.{fact}", customer, days_ago(at)) == value


def test_a_customer_without_tickets_has_none_and_no_last_one() -> None:
    customer = make_customer()

    assert known("support.open_tickets", customer) == known("support.opened_90d", customer) == 0
    assert known("support.days_since_last", customer) is None


def test_promises_that_were_missed_are_counted_for_thirty_days() -> None:
    customer = make_customer()
    ticket, strange = make_ticket(customer=customer), make_ticket(customer=make_customer())
    for one, kind, days in (
        (ticket, "breached", 2),
        (ticket, "breached", 29),
        (ticket, "breached", 31),
        (ticket, "warned", 1),
        (strange, "breached", 1),
    ):
        TicketChange.objects.create(ticket=one, kind=kind, words="Late.", happened_at=days_ago(days))

    assert known("support.missed_30d", customer) == 2
    assert known("support.missed_30d", customer, days_ago(3)) == 2
    assert known("support.missed_30d", customer, days_ago(40)) == 0


def test_the_latest_satisfaction_is_that_with_support() -> None:
    customer = make_customer()
    for kind, score, days in (("support_csat", 4, 9), ("support_csat", 2, 3), ("onboarding_csat", 5, 1)):
        survey = Survey.objects.get(kind=kind)
        Response.objects.create(survey=survey, customer=customer, kind=kind, score=score, answered_at=days_ago(days))

    assert known("support.latest_csat", customer) == 2
    assert known("support.latest_csat", customer, days_ago(4)) == 4
    assert known("support.latest_csat", customer, days_ago(400)) is None


@pytest.mark.parametrize(
    ("row", "holds"),
    [
        ({"fact": "support.opened_14d", "operator": "at_least", "value": 2}, True),
        ({"fact": "support.open_critical", "operator": "at_least", "value": 2}, False),
    ],
)
def test_a_condition_over_everybody_is_one_query(
    customer: Customer, row: dict[str, Any], holds: bool, django_assert_num_queries: Any
) -> None:
    condition = Condition.from_data({"match": "all", "rows": [row]})

    with django_assert_num_queries(1):
        found = list(condition.narrow(Customer.objects.order_by("pk"), NOW))

    assert (customer in found) is holds
