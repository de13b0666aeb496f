"""What conditions ask of answers and of mail: as of the moment, one query over everybody."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agentfactory_cs.customers.conditions import Condition, facts
from agentfactory_cs.customers.models import Contact, Customer
from agentfactory_cs.customers.tests.factories import NOW, make_contact, make_customer
from agentfactory_cs.messaging.models import Email, Response, Survey
from agentfactory_cs.messaging.services import record_response

from .mails import days, make_email, make_reader

pytestmark = pytest.mark.django_db


def said(customer: Customer, score: int, ago: float, kind: str = "nps") -> None:
    survey = Survey.objects.get(kind=kind)
    record_response(Response(survey=survey, customer=customer, score=score, answered_at=NOW - days(ago)), now=NOW)


def fact(key: str, customer: Customer, now: datetime = NOW) -> Any:
    expression = facts.get(key).expression(now)
    return Customer.objects.annotate(asked=expression).values_list("asked", flat=True).get(pk=customer.pk)


def test_the_newest_answer_counts_as_of_the_moment() -> None:
    customer = make_customer()
    said(customer, 9, 40)
    said(customer, 2, 10)
    said(customer, 5, 5, "support_csat")

    assert fact("messaging.latest_nps", customer) == 2
    assert fact("messaging.days_since_nps", customer) == 10
    assert fact("messaging.latest_nps", customer, NOW - days(20)) == 9
    assert fact("messaging.days_since_nps", customer, NOW - days(20)) == 20
    assert fact("messaging.latest_nps", customer, NOW - days(41)) is None


def test_an_answer_of_more_than_a_year_ago_says_nothing() -> None:
    customer = make_customer()
    said(customer, 9, 365)
    said(customer, 4, 365.5, "support_csat")

    for key in ("messaging.latest_nps", "messaging.days_since_nps", "messaging.latest_csat"):
        assert fact(key, customer) is None, key


def test_satisfaction_is_the_newer_of_help_and_onboarding() -> None:
    customer = make_customer()
    said(customer, 5, 30, "onboarding_csat")
    said(customer, 1, 20, "support_csat")

    assert fact("messaging.latest_csat", customer) == 1
    assert fact("messaging.latest_csat", customer, NOW - days(25)) == 5


@pytest.mark.parametrize(
    ("status", "unsubscribed", "bounced"),
    [("ok", False, False), ("unsubscribed", True, False), ("complained", True, False), ("bounced", False, True)],
)
def test_mail_status_is_that_of_the_primary_contact(status: str, unsubscribed: bool, bounced: bool) -> None:
    reader = make_reader()
    make_contact(reader.customer, mail_status=Contact.MailStatus.BOUNCED)
    Contact.objects.filter(pk=reader.pk).update(mail_status=status)

    assert fact("messaging.unsubscribed", reader.customer) is unsubscribed
    assert fact("messaging.bounced", reader.customer) is bounced


def test_without_a_primary_contact_nobody_unsubscribed() -> None:
    customer = make_customer()

    assert fact("messaging.unsubscribed", customer) is False
    assert fact("messaging.last_mail_opened_on", customer) is None


def test_the_last_opening_is_a_day_in_utc() -> None:
    reader = make_reader()
    for opened_at in (NOW - days(9), datetime(2026, 6, 30, 23, 30, tzinfo=UTC), NOW + days(1)):
        email = make_email(reader)
        Email.objects.filter(pk=email.pk).update(opened_at=opened_at)

    assert fact("messaging.last_mail_opened_on", reader.customer) == datetime(2026, 6, 30, tzinfo=UTC).date()
    assert fact("messaging.last_mail_opened_on", reader.customer, NOW - timedelta(days=2)) == (NOW - days(9)).date()


def test_a_condition_over_everybody_is_one_query(django_assert_num_queries: Any) -> None:
    promoter, detractor = make_customer(), make_customer()
    said(promoter, 9, 3)
    said(detractor, 6, 3)
    make_customer()
    rows = [
        {"fact": "messaging.latest_nps", "operator": "at_most", "value": 6},
        {"fact": "messaging.days_since_nps", "operator": "at_most", "value": 7},
        {"fact": "messaging.unsubscribed", "operator": "no"},
        {"fact": "messaging.last_mail_opened_on", "operator": "unknown"},
    ]
    condition = Condition.from_data({"match": "all", "rows": rows})

    with django_assert_num_queries(1):
        found = list(condition.narrow(Customer.objects.all(), NOW))

    assert found == [detractor]
