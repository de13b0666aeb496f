"""How a customer is stands beside its tickets, in the queues and on the page of one."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from agentfactory_cs.customers.tests.factories import NOW, make_customer, make_usage
from health.services import score_customer
from support.opening import Asked, open_ticket
from support.writing import Written

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


def make_scored_ticket() -> int:
    customer = make_customer()
    make_usage(customer, days=40, api_calls=10, logins=1)
    score_customer(customer.pk, now=NOW)
    return open_ticket(Asked("Help", Written("It fails."), "api", customer=customer), now=NOW).pk


def test_the_chip_stands_in_the_queues_and_beside_the_ticket(console: Client) -> None:
    ticket = make_scored_ticket()

    queue = console.get(reverse("admin:support_ticket_changelist"), {"queue": "all"}).content.decode()
    beside = console.get(reverse("admin:panel", args=["support.customer", ticket])).content.decode()

    assert "af-chip" in queue
    assert "af-chip" in beside


@pytest.mark.parametrize("number", [1, 12])
def test_the_chips_of_a_queue_cost_the_same_however_many_there_are(
    console: Client, number: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _each in range(number):
        make_scored_ticket()

    with django_assert_max_num_queries(25):
        console.get(reverse("admin:support_ticket_changelist"), {"queue": "all"})
