"""The history on a customer's form."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from agentfactory_cs.customers import services
from agentfactory_cs.customers.models import Churn, Customer, SubscriptionChange

from .factories import NOW, YESTERDAY, make_customer, make_member, make_subscription, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


@pytest.fixture
def console() -> Client:
    client = Client()
    client.force_login(make_member("CS manager"))
    return client


def _queries(console: Client, address: str) -> int:
    console.get(address)  # what is asked once a process is remembered from here on
    with CaptureQueriesContext(connection) as captured:
        assert console.get(address).status_code == 200
    return len(captured)


def _pass_around(customer: Customer, times: int) -> None:
    for _ in range(times):
        services.assign_manager([customer.pk], make_user(), by=make_user(), now=NOW)


def test_managers_of_the_past_are_shown_by_name(console: Client) -> None:
    customer = make_customer(success_manager=make_user("ben", first_name="Ben", last_name="Bold"))
    services.assign_manager([customer.pk], make_user("clara"), now=NOW)
    gone = make_user("dora")
    services.assign_manager([customer.pk], gone, now=NOW)
    services.assign_manager([customer.pk], None, now=NOW)
    key = str(gone.pk)
    gone.delete()

    html = console.get(f"/admin/customers/customer/{customer.pk}/change/").content.decode()

    assert "Ben Bold" in html
    assert "clara" in html
    assert "nobody" in html
    assert f">{key}<" in "".join(html.split())


def test_a_long_history_takes_no_more_queries_than_a_short_one(console: Client) -> None:
    customer = make_customer()
    address = f"/admin/customers/customer/{customer.pk}/change/"
    _pass_around(customer, 1)
    services.record_churn(_return(customer, 90), by=make_user(), now=NOW)
    few = _queries(console, address)

    _pass_around(customer, 9)
    for days_ago in (80, 70, 60):
        services.record_churn(_return(customer, days_ago), by=make_user(), now=NOW)

    assert _queries(console, address) == few


def _return(customer: Customer, days_ago: int) -> Churn:
    left_on = YESTERDAY - timedelta(days=days_ago)
    return Churn(customer=customer, churned_on=left_on, reactivated_on=left_on + timedelta(days=1))


def test_a_contracts_long_history_takes_no_more_queries_than_a_short_one(console: Client) -> None:
    subscription = make_subscription(make_customer())
    address = f"/admin/customers/subscription/{subscription.pk}/change/"

    def reprice(*prices: int) -> None:
        for price in prices:
            subscription.mrr = price
            services.save_subscription(subscription, by=make_user(), now=NOW)

    reprice(50)
    few = _queries(console, address)
    reprice(51, 52, 53, 54)

    assert SubscriptionChange.objects.count() == 5
    assert _queries(console, address) == few
