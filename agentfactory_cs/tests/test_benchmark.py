"""manage.py benchmark: measures in a database of its own and leaves nothing behind."""

import json
import os
from io import StringIO

import psutil
import pytest
from django.core.management import call_command
from django.db import connection


def throwaway_databases() -> list[str]:
    """Other tests make databases of other names at the same time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname = %s", [f"benchmark_{os.getpid()}"])
        return [name for (name,) in cursor.fetchall()]


@pytest.mark.django_db(transaction=True)
def test_ingest_is_measured_through_a_server_that_is_gone_afterwards() -> None:
    children, out = psutil.Process().children(), StringIO()

    call_command("benchmark", "ingest", "--requests", "4", "--rows", "50", "--json", stdout=out)

    result = json.loads(out.getvalue())
    assert (result["name"], result["n"], result["unit"]) == ("ingest", 200, "rows/s")
    assert result["ratio"] == pytest.approx(result["ours"] / result["baseline"])
    assert throwaway_databases() == []
    assert psutil.Process().children() == children


@pytest.mark.django_db(transaction=True)
def test_scoring_is_measured_against_one_statement_and_by_real_workers() -> None:
    out = StringIO()

    call_command("benchmark", "scoring", "--customers", "200", "--json", stdout=out)

    result = json.loads(out.getvalue().splitlines()[-1])
    assert (result["name"], result["n"]) == ("scoring", 200)
    assert result["ratio"] == pytest.approx(result["ours"] / result["baseline"])
    assert result["ratio_two_workers"] == pytest.approx(result["two_workers"] / result["baseline"])
    assert {"growth", "peak_mb", "rerun", "bytes_per_score"} <= result.keys()
    assert throwaway_databases() == []


@pytest.mark.django_db(transaction=True)
def test_mail_is_measured_against_a_bare_loop_and_by_two_processes() -> None:
    children, out = psutil.Process().children(), StringIO()

    call_command("benchmark", "mail", "--mails", "30", "--json", stdout=out)

    result = json.loads(out.getvalue().splitlines()[-1])
    assert (result["name"], result["n"], result["unit"]) == ("mail", 30, "mails/s")
    assert result["ratio"] == pytest.approx(result["ours"] / result["baseline"])
    assert result["ratio_two_workers"] == pytest.approx(result["two_workers"] / result["baseline"])
    assert throwaway_databases() == []
    assert psutil.Process().children() == children


@pytest.mark.django_db(transaction=True)
def test_a_backtest_is_measured_against_one_daily_run() -> None:
    out = StringIO()

    call_command("benchmark", "backtest", "--customers", "60", "--months", "3", "--json", stdout=out)

    result = json.loads(out.getvalue().splitlines()[-1])
    assert (result["name"], result["n"], result["months"], result["bound"]) == ("backtest", 60, 3, 60)
    assert result["ratio"] == pytest.approx(result["ours"] / result["baseline"])
    assert throwaway_databases() == []


@pytest.mark.django_db(transaction=True)
def test_the_desk_is_measured_page_by_page_and_against_a_bare_create() -> None:
    out = StringIO()

    call_command(
        "benchmark",
        "tickets",
        "--tickets",
        "60",
        "--small",
        "30",
        "--requests",
        "4",
        "--rounds",
        "1",
        "--json",
        stdout=out,
    )

    result = json.loads(out.getvalue().splitlines()[-1])
    assert (result["name"], result["n"], result["unit"]) == ("tickets", 60, "tickets/s")
    assert result["ratio"] == pytest.approx(result["ours"] / result["baseline"])
    assert {"mine", "breaching", "ticket"} <= result["pages"].keys()
    assert result["page_queries"] == max(page["queries"] for page in result["pages"].values()) <= 25
    assert throwaway_databases() == []
