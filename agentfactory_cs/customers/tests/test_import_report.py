"""The report of an import is opened in a spreadsheet, which would run what begins like a formula."""

import csv
from io import StringIO

import pytest

from agentfactory_cs.customers.imports.problems import Problem
from agentfactory_cs.customers.imports.report import Outcome, Report


def _told(value: str, raw: str) -> tuple[dict[str, str], str]:
    problems, rejected = StringIO(newline=""), StringIO()
    report = Report(Outcome("customers"), problems=problems, rejected=rejected, header_text="name\n")
    report.tell(2, raw, [Problem("name", value, "This is not a name.")])
    return next(csv.DictReader(StringIO(problems.getvalue(), newline=""))), rejected.getvalue()


@pytest.mark.parametrize(
    "value", ['=HYPERLINK("http://x")', "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1+1", "\r=1"]
)
def test_what_begins_like_a_formula_is_shown_as_text(value: str) -> None:
    row, _rejected = _told(value, "=1+1,x\n")

    assert row["value"] == f"'{value}"
    assert row["row"] == "'=1+1,x"


@pytest.mark.parametrize("value", ["-5", "+5", "-1.50", "-1,234.5", "Northwind", "a=b", ""])
def test_plain_numbers_and_words_stay_as_they_are(value: str) -> None:
    assert _told(value, "x\n")[0]["value"] == value


def test_rejected_rows_stay_verbatim() -> None:
    assert _told("=1+1", "=1+1,x\n")[1] == "name\n=1+1,x\n"
