"""Cells that become values, and cells that cannot."""

import contextlib
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentfactory_cs.customers.imports import fields
from agentfactory_cs.customers.imports.fields import Manner, Parse
from agentfactory_cs.customers.models import Customer

PLAIN = Manner()
tier = fields.one_of(Customer.Tier)


@pytest.mark.parametrize(
    ("parse", "cell", "manner", "value"),
    [
        (fields.whole, "12", PLAIN, 12),
        (fields.whole, "12.0", PLAIN, 12),
        (fields.money, "12.50", PLAIN, Decimal("12.5")),
        (fields.money, "12,50", Manner(decimal_comma=True), Decimal("12.5")),
        (fields.number, "-3", PLAIN, -3.0),
        (fields.day, "2026-01-31", PLAIN, date(2026, 1, 31)),
        (fields.day, "31.01.2026", Manner("%d.%m.%Y"), date(2026, 1, 31)),
        (fields.moment, "2026-01-31", Manner(zone=ZoneInfo("Asia/Tokyo")), datetime(2026, 1, 31, tzinfo=UTC)),
        (fields.moment, "2026-01-31T09:00", Manner(zone=ZoneInfo("Asia/Tokyo")), datetime(2026, 1, 31, tzinfo=UTC)),
        (fields.moment, "2026-01-31 09:00+09:00", PLAIN, datetime(2026, 1, 31, tzinfo=UTC)),
        (fields.moment, "31.01.2026", Manner("%d.%m.%Y"), datetime(2026, 1, 31, tzinfo=UTC)),
        (fields.yes_or_no, "TRUE", PLAIN, True),
        (fields.yes_or_no, "n", PLAIN, False),
        (fields.words, "b; a ;b;", PLAIN, ("b", "a")),
        (tier, "PRO", PLAIN, "pro"),
        (tier, "Enterprise", PLAIN, "enterprise"),
    ],
)
def test_a_cell_becomes_its_value(parse: Parse, cell: str, manner: Manner, value: object) -> None:
    assert parse(cell, manner) == value


@pytest.mark.parametrize(
    ("parse", "cell", "manner", "reason"),
    [
        (fields.whole, "1.5", PLAIN, "whole number"),
        (fields.whole, "-1", PLAIN, "negative"),
        (fields.whole, "3000000000", PLAIN, "more than"),
        (fields.whole, "many", PLAIN, "not a number"),
        (fields.whole, "²", PLAIN, "not a number"),
        (fields.money, "1,234.50", PLAIN, "thousands separators"),
        (fields.money, "1.234", Manner(decimal_comma=True), "with a comma"),
        (fields.money, "1.005", PLAIN, "two decimals"),
        (fields.decimal, "NaN", PLAIN, "of this world"),
        (fields.money, "1" * 31 + ".5", PLAIN, "too large"),
        (fields.money, "1" * 29, PLAIN, "too large"),
        (fields.money, "1e12", PLAIN, "too large"),
        (fields.money, "0." + "0" * 40 + "1", PLAIN, "more than two decimals"),
        (fields.number, "1e999999", PLAIN, "of this world"),
        (fields.day, "31.01.2026", PLAIN, "date_format"),
        (fields.day, "2026-02-30", PLAIN, "not a date"),
        (fields.day, "0026-02-03", PLAIN, "year outside"),
        (fields.moment, "yesterday", PLAIN, "not a moment"),
        (fields.moment, "9999-12-31T23:59:59-12:00", PLAIN, "year outside"),
        (fields.yes_or_no, "maybe", PLAIN, "neither yes nor no"),
        (fields.email, "ann at acme", PLAIN, "e-mail"),
        (tier, "gold", PLAIN, "free, starter, pro, enterprise"),
    ],
)
def test_a_cell_that_cannot_be_read_says_why(parse: Parse, cell: str, manner: Manner, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse(cell, manner)


@given(st.text(), st.sampled_from([PLAIN, Manner(decimal_comma=True), Manner("%d.%m.%Y")]))
def test_no_cell_whatever_breaks_a_parser(cell: str, manner: Manner) -> None:
    for parse in (fields.whole, fields.money, fields.number, fields.day, fields.moment, fields.yes_or_no, tier):
        with contextlib.suppress(ValueError):
            parse(cell, manner)
