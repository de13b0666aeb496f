"""Finding a customer from any page."""

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client

from agentfactory_cs.customers.console.search import matching
from agentfactory_cs.customers.models import Customer

from .factories import make_contact, make_customer, make_member, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    cache.clear()  # the theme keeps results for some minutes


def _found(words: str, client: Client | None = None) -> str:
    if client is None:
        client = Client()
        client.force_login(make_member("CSM"))
    return client.get("/admin/search/", {"s": words, "extended": "1"}).content.decode()


def test_a_customer_is_found_by_part_of_its_name_and_opens_its_page() -> None:
    customer = make_customer(name="Northwind Bank")
    make_customer(name="Globex")

    html = _found("wind")

    assert f"/admin/customers/customer/{customer.pk}/overview/" in html
    assert "Globex" not in html


def test_a_contact_leads_to_its_customer() -> None:
    customer = make_customer(name="Northwind Bank")
    make_contact(customer, name="Robin", email="robin@northwind.example")

    html = _found("robin@")

    assert f"/admin/customers/customer/{customer.pk}/overview/" in html
    assert "Northwind Bank" in html


def test_one_or_two_letters_find_beginnings_only() -> None:
    # A letter in the middle is in nearly every name: 0.5 s over 100 000 customers for an arbitrary ten.
    begins = make_customer(name="Northwind", external_id="x-1")
    make_customer(name="Globex", external_id="no-7")
    make_customer(name="Winona", external_id="x-2")
    make_contact(begins, name="Bruno", email="bruno@example.com")

    html = _found("no")

    assert "Northwind" in html
    assert "Globex" in html
    assert "Winona" not in html
    assert "Bruno" not in html


def test_a_letter_is_looked_up_in_the_index_of_names() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = Customer.objects.filter(matching("n", "name", "external_id")).explain()

    assert "customer_name_trigram" in plan
    assert "customer_external_id_trigram" in plan


def test_no_more_are_listed_than_one_can_read() -> None:
    for number in range(12):
        make_customer(name=f"Northwind {number}")

    assert _found("northwind").count("/overview/") == 10


def test_who_may_not_see_customers_finds_none() -> None:
    make_customer(name="Northwind Bank")
    client = Client()
    client.force_login(make_user())

    assert "Northwind" not in _found("north", client)
