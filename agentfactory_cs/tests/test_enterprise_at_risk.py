"""A ticket of an enterprise customer whose health is bad comes before the senior team as it arrives."""

import pytest

from agentfactory_cs.customers.tests.factories import make_customer
from health.tests.alerting import PROVISIONAL, write_scores
from support.tests.desks import ask

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("tier", "total", "coverage", "is_escalated"),
    [
        ("enterprise", 30, 0.9, True),
        ("enterprise", 60, 0.9, False),
        ("enterprise", 30, PROVISIONAL, False),
        ("pro", 30, 0.9, False),
    ],
)
def test_a_ticket_of_an_enterprise_customer_at_risk(
    tier: str, total: float, coverage: float, is_escalated: bool
) -> None:
    customer = make_customer(tier=tier)
    write_scores(customer, [total], coverage=coverage)

    ticket = ask(customer=customer)

    assert ticket.escalations.filter(reason="at_risk").exists() is is_escalated
