"""events/follow/: every event exactly once, whatever order transactions end in."""

from typing import Any

import pytest
from django.db import connection, transaction

from agentfactory_cs.events.models import Event

from .clients import ApiClient, errors_of
from .factories import NOW, make_customer
from .following import INSERT, other_connection, settle, tell

__all__ = ["other_connection"]


@pytest.fixture
def api(transactional_db: None) -> ApiClient:
    """Outside any transaction: of one under way nothing is handed out."""
    return ApiClient()


def followed(api: ApiClient, address: str = "events/follow/") -> tuple[list[str], str]:
    """What there is to read from an address on, and the address to go on from later."""
    seen: list[str] = []
    while True:
        page = api.get(address).json()
        address = page["next"]
        if not page["results"]:
            return seen, address
        seen += [row["data"].get("name") or row["trigger"] for row in page["results"]]


def test_each_event_is_read_once_and_the_last_address_goes_on_from_there(api: ApiClient) -> None:
    customer = make_customer()
    for number in range(5):
        tell(customer, number)
    settle()

    first, address = followed(api, "events/follow/?page_size=2")
    nothing, address = followed(api, address)
    tell(customer, 5)
    settle()
    later, _ = followed(api, address)

    assert first[-5:] == [f"Person {number}" for number in range(5)]
    assert (nothing, later) == ([], ["Person 5"])


def test_an_event_of_a_transaction_that_ends_later_than_a_younger_one_is_not_missed(
    api: ApiClient, other_connection: Any
) -> None:
    customer = make_customer()
    settle()
    _, address = followed(api)
    other_connection.set_autocommit(False)
    with other_connection.cursor() as cursor:
        cursor.execute(INSERT, [customer.pk])
    tell(customer, 1)

    while_it_lasts, address = followed(api, address)
    other_connection.commit()
    settle()
    afterwards, _ = followed(api, address)

    assert while_it_lasts == []
    assert afterwards == ["customers.long", "Person 1"]


def test_many_events_of_one_transaction_are_read_page_by_page(api: ApiClient) -> None:
    customer = make_customer()
    settle()
    _, address = followed(api, "events/follow/?page_size=3")
    with transaction.atomic():
        for number in range(7):
            tell(customer, number)
    settle()

    seen, _ = followed(api, address)

    assert seen == [f"Person {number}" for number in range(7)]


def test_a_cursor_ahead_of_the_database_is_refused(api: ApiClient) -> None:
    """It was given before the database was restored from a dump; to wait for its place would be to miss events."""
    response = api.get("events/follow/", after=f"{10**15}-1")

    assert response.status_code == 400
    assert errors_of(response) == {"after": "stale"}


@pytest.mark.parametrize(
    ("query", "attr"),
    [
        ({"after": "x"}, "after"),
        ({"after": f"{10**18}-1"}, "after"),
        ({"page_size": "0"}, "page_size"),
        ({"page_size": "501"}, "page_size"),
        ({"customer": "1"}, "customer"),
    ],
)
def test_nonsense_is_refused_by_name(api: ApiClient, query: dict[str, str], attr: str) -> None:
    response = api.get("events/follow/", **query)

    assert response.status_code == 400
    assert set(errors_of(response)) == {attr}


def test_a_page_is_read_from_the_index_within_one_large_transaction(api: ApiClient) -> None:
    customer = make_customer()
    with transaction.atomic():
        Event.objects.bulk_create(
            Event(customer=customer, trigger="customers.many", by_label="System", happened_at=NOW) for _ in range(5_000)
        )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE events_event")
    deep = Event.objects.order_by("id")[4_000]

    plan = Event.objects.following((deep.transaction, deep.pk))[:50].explain(analyze=True)

    assert "Index Scan using event_follow" in plan
    assert "Sort" not in plan
    assert "Rows Removed by Filter" not in plan


def test_the_list_is_sorted_by_when_it_happened_from_an_index(api: ApiClient) -> None:
    customer = make_customer()
    Event.objects.bulk_create(
        Event(customer=customer, trigger="customers.many", by_label="System", happened_at=NOW) for _ in range(5_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE events_event")

    events = Event.objects.filter(happened_at__gte=NOW).order_by("happened_at", "id")
    plan = events[:51].explain(analyze=True)

    assert "Index Scan using event_since" in plan
    assert "Sort" not in plan
