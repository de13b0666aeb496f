"""Recording events that are followed: outside any transaction, for of one under way nothing is handed out."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, connections, transaction

from agentfactory_cs.events.services import record

from .factories import NOW

PATIENCE_SECONDS = 180

INSERT = """
INSERT INTO events_event (customer_id, trigger, data, by_label, happened_at, recorded_at)
VALUES (%s, 'customers.long', '{}', 'System', now(), now())
"""


def tell(customer: Any, number: int) -> None:
    with transaction.atomic():
        record("customers.contact_added", customer, {"name": f"Person {number}"}, now=NOW)


def settle() -> None:
    """Wait until every transaction begun before has ended. Those of tests in other databases of the server, which
    run at the same time, hold events back as well."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        last, deadline = cursor.fetchone()[0], time.monotonic() + PATIENCE_SECONDS
        while _oldest_under_way(cursor) <= last:
            assert time.monotonic() < deadline, "some transaction does not end"
            time.sleep(0.05)


def _oldest_under_way(cursor: Any) -> int:
    cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
    return int(cursor.fetchone()[0])


@pytest.fixture
def other_connection() -> Iterator[Any]:
    other = connections.create_connection("default")
    yield other
    other.close()
