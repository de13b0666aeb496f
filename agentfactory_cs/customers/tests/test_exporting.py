"""The customers list as a CSV: what is chosen, all of it, and nothing that runs as a formula."""

import csv
import io
import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from agentfactory_cs.console import exporting
from agentfactory_cs.console.spreadsheets import as_text

from .factories import NOW, make_customer, make_member, make_subscription, make_user

EXPORT = "/admin/customers/customer/export/"


@pytest.fixture
def client(db: None) -> Any:
    client = Client()
    client.force_login(make_member("CS manager"))
    with time_machine.travel(NOW, tick=False):
        yield client


def exported(client: Client, query: str = "") -> list[dict[str, str]]:
    answer = client.get(EXPORT + query)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/csv; charset=utf-8")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(text)))


def test_a_line_says_what_the_list_shows(client: Client) -> None:
    clara = make_member("CSM", "clara")
    customer = make_customer(name="Kite & Co", external_id="tenant-1", tier="pro", success_manager=clara)
    make_subscription(customer, mrr="1200.00", currency="EUR")

    [line] = exported(client, "?whose=all")

    told = {name: line[name] for name in ("Customer", "Tenant id", "Tier", "Success manager", "Stage")}
    assert told == {
        "Customer": "Kite & Co",
        "Tenant id": "tenant-1",
        "Tier": "Pro",
        "Success manager": "clara",
        "Stage": customer.get_lifecycle_stage_display(),
    }
    assert (line["Revenue a month"], line["Currency"], line["Payment"]) == ("1200.00", "EUR", "current")
    assert line["Signed up at"] == customer.signed_up_at.isoformat()
    assert (line["Health, 0 to 100"], line["We reached out at"]) == ("", "")


def test_it_holds_what_tab_filters_and_search_leave(client: Client) -> None:
    make_customer(name="Kite Pro", tier="pro")
    make_customer(name="Kite Free", tier="free")
    make_customer(name="Other Pro", tier="pro")

    lines = exported(client, "?whose=all&tier__exact=pro&q=kite&p=3")

    assert [line["Customer"] for line in lines] == ["Kite Pro"]


def test_it_is_all_of_it_in_chunks_of_a_fixed_number_of_queries(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(7):
        make_subscription(make_customer(name=f"C{number}"))
    counts = {}

    for chunk in (7, 4):  # two chunks, the second with nothing or with the rest
        monkeypatch.setattr(exporting, "CHUNK", chunk)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            names = {line["Customer"] for line in exported(client, "?whose=all")}
        assert names == {f"C{number}" for number in range(7)}
        counts[chunk] = len(queries)

    make_subscription(make_customer(name="C7"))
    with CaptureQueriesContext(connection) as queries:
        exported(client, "?whose=all")
    assert len(queries) == counts[4]


def test_the_list_leads_to_it_with_what_is_chosen(client: Client) -> None:
    page = client.get("/admin/customers/customer/?whose=all&tier__exact=pro&o=1").content.decode()

    [address] = re.findall(rf'href="({EXPORT}[^"]*)"', page)
    assert parse_qs(urlsplit(unescape(address)).query) == {"whose": ["all"], "tier__exact": ["pro"]}


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1+cmd", "-2+3", "@SUM(A1)"])
def test_a_name_that_would_run_in_a_spreadsheet_is_text(client: Client, name: str) -> None:
    make_customer(name=name)

    [line] = exported(client, "?whose=all")

    assert line["Customer"] == f"'{name}"


def test_who_may_not_see_customers_gets_none(db: None) -> None:
    stranger = Client()
    stranger.force_login(make_user())

    assert stranger.get(EXPORT).status_code == 403


@given(st.text())
def test_no_text_starts_a_formula_but_plain_numbers_stay(text: str) -> None:
    kept = as_text(text)

    assert kept in (text, f"'{text}")
    assert not kept.startswith(("=", "@", "\t", "\r"))


@pytest.mark.parametrize("value", [None, 3, -2.5])
def test_figures_stay_figures(value: float | None) -> None:
    assert as_text(value) == value


@pytest.mark.parametrize("text", ["-12", "+49", "-1.234,50"])
def test_numbers_in_words_stay_as_they_are(text: str) -> None:
    assert as_text(text) == text
