"""manage.py benchmark: measures in a database of its own and leaves nothing behind."""

import json
from io import StringIO

import psutil
import pytest
from django.core.management import call_command
from django.db import connection


def databases() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database")
        return {name for (name,) in cursor.fetchall()}


@pytest.mark.django_db(transaction=True)
def test_ingest_is_measured_through_a_server_that_is_gone_afterwards() -> None:
    before, children, out = databases(), psutil.Process().children(), StringIO()

    call_command("benchmark", "ingest", "--requests", "4", "--rows", "50", "--json", stdout=out)

    result = json.loads(out.getvalue())
    assert (result["name"], result["n"], result["unit"]) == ("ingest", 200, "rows/s")
    assert result["ratio"] == pytest.approx(result["ours"] / result["baseline"])
    assert databases() == before
    assert psutil.Process().children() == children
