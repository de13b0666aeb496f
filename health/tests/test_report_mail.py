"""The report as a mail: right in mail programs, the same in plain text, and leading to the console."""

import re
from collections.abc import Iterator
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import override_settings

from agentfactory_cs.console.templatetags.console import figure
from agentfactory_cs.customers.tests.factories import make_member, make_subscription
from health.models import Alert, WeeklyReport
from health.reports import make_week
from health.reports.content import Content, read
from health.reports.mail import Letter, render
from health.tests.reporting import MONDAY_MORNING, SUNDAY, SUNDAY_BEFORE, WEEK, score, scored

pytestmark = pytest.mark.django_db
# Elements without an end.
VOID = {"meta", "br", "link", "img", "input", "hr"}


@pytest.fixture
def report() -> WeeklyReport:
    """A week with something in every part of the report."""
    owner = make_member("CSM", first_name="Clara", last_name="Fischer")
    northwind = scored("Northwind & <Sons>", 30, before=62, success_manager=owner)
    make_subscription(northwind, mrr=Decimal(1234), renews_on=SUNDAY + (SUNDAY - WEEK))
    scored("Contoso", 91, before=44)
    scored("Fabrikam", 66, before=66)
    scored("Without data", None)
    young = scored("Young", None, before=81)
    young.health_scores.filter(day=SUNDAY).delete()
    score(young, SUNDAY, 12, coverage=0.2)
    score(scored("Came", 55), SUNDAY_BEFORE, None)
    Alert.objects.create(
        customer=northwind,
        kind="drop",
        day=SUNDAY,
        last_day=SUNDAY,
        score=30,
        score_before=62,
        opened_at=MONDAY_MORNING,
    )
    make_week(WEEK, now=MONDAY_MORNING)
    return WeeklyReport.objects.get(owner=None)


@pytest.fixture
def letter(report: WeeklyReport) -> Letter:
    return render(report)


class Parsed(HTMLParser):
    """The mail's elements and words; raises where an element is closed that is not open."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.words = ""
        self._open: list[str] = []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] != "style":
            self.words += data


def test_the_html_is_well_formed_and_brings_nothing_from_outside(letter: Letter) -> None:
    parsed = Parsed(letter.html)

    tags = {tag for tag, _ in parsed.elements}
    assert not tags & {"script", "img", "link", "iframe", "form", "video", "svg"}
    assert not [attrs for _, attrs in parsed.elements if {"src", "background", "srcset"} & attrs.keys()]
    assert "url(" not in letter.html
    assert "@import" not in letter.html


def test_without_its_style_element_the_mail_looks_the_same(letter: Letter) -> None:
    (kept,) = re.findall(r"<style[^>]*>(.*?)</style>", letter.html, re.S)

    outside_dark_mode = re.sub(r"@media \(prefers-color-scheme: dark\) \{.*\n\}", "", kept.strip(), flags=re.S)
    assert outside_dark_mode.strip() == ":root { color-scheme: light dark; supported-color-schemes: light dark; }"
    for forbidden in ("display: flex", "display: grid", "position:", "float:", "var("):
        assert forbidden not in letter.html
    layout = [attrs for tag, attrs in Parsed(letter.html).elements if tag == "table"]
    assert all(attrs.get("role") == "presentation" for attrs in layout)


def test_bars_are_cells_with_their_colour_and_width_on_them(letter: Letter) -> None:
    bars = [attrs for tag, attrs in Parsed(letter.html).elements if tag == "td" and "bar-" in attrs.get("class", "")]

    assert bars
    assert all("background-color: #" in attrs["style"] and attrs["width"].endswith("%") for attrs in bars)


def test_it_knows_dark_mode_is_narrow_enough_and_has_a_first_line(letter: Letter, report: WeeklyReport) -> None:
    parsed = Parsed(letter.html)

    metas = {attrs.get("name"): attrs.get("content") for tag, attrs in parsed.elements if tag == "meta"}
    assert metas["color-scheme"] == metas["supported-color-schemes"] == "light dark"
    (sheet,) = [attrs for tag, attrs in parsed.elements if tag == "table" and attrs.get("class") == "sheet"]
    assert "max-width: 640px" in sheet["style"]
    assert parsed.words.index(read(report.content).sentences[0]) < parsed.words.index("The whole book")


def test_what_customers_are_called_cannot_break_it(letter: Letter) -> None:
    assert "Northwind &amp; &lt;Sons&gt;" in letter.html
    assert "<Sons>" not in letter.html
    assert "Northwind & <Sons>" in letter.text


def _numbers(content: Content) -> Iterator[tuple[str, str]]:
    """Every figure of the content, and how it is written."""
    for stood in (content.standing, content.before):
        assert stood is not None
        for value in (stood.at_risk, stood.healthy, stood.steady):
            yield "band", figure(value)
        yield "average", figure(stood.average, 1)
        yield "share", figure(stood.share("at_risk"), 1)
        yield "coverage", figure(100 * (stood.coverage or 0))
    for flow in content.flows:
        yield "flow", figure(flow.customers)
    for row in (*content.falls, *content.rises, *content.new_at_risk, *content.recovered):
        yield "score", str(row.score)
        if row.change is not None:
            yield "before", str(row.before)
            yield "change", figure(abs(row.change), 1)
        for amount in row.revenue.values():
            yield "revenue", figure(float(amount))
    for money in content.revenue:
        yield from (("money", figure(float(value))) for value in (money.at_risk, money.before or 0, money.everybody))
    for spell in content.renewals:
        yield "renewals", figure(spell.contracts)
    for alerts in content.alerts:
        yield from (("alerts", figure(value)) for value in (alerts.raised, alerts.open))
    for measure in content.measures:
        for known in (measure.value, measure.before):
            if known is not None:
                yield measure.key, figure(known, measure.decimals)


def test_every_number_stands_in_the_plain_text(letter: Letter, report: WeeklyReport) -> None:
    written = set(re.findall(r"\d[\d,.]*\d|\d", letter.text))

    missing = {(what, number) for what, number in _numbers(read(report.content)) if number not in written}
    assert missing == set()


def test_every_customer_and_sentence_of_the_report_stands_in_both(letter: Letter, report: WeeklyReport) -> None:
    content, words = read(report.content), Parsed(letter.html).words

    rows = (*content.falls, *content.rises, *content.new_at_risk, *content.recovered)
    for name in {row.name for row in rows} | {row.name for row in content.renewing}:
        assert name in letter.text
        assert name in words
    for sentence in content.sentences:
        assert sentence in letter.text
        assert sentence in words


@override_settings(SITE_ADDRESS="https://cs.example.com")
def test_links_lead_to_the_console_as_it_is_reached_from_outside(report: WeeklyReport) -> None:
    letter = render(report)

    links = {attrs["href"] for tag, attrs in Parsed(letter.html).elements if tag == "a"}
    assert all(link.startswith("https://cs.example.com/admin/") for link in links)
    assert f"https://cs.example.com/admin/health/weeklyreport/{report.pk}/change/" in links
    assert f"https://cs.example.com/admin/health/weeklyreport/{report.pk}/change/" in letter.text


def test_the_subject_says_what_matters(letter: Letter) -> None:
    # Northwind and Young of five with a score; their mean is 50.8.
    assert letter.subject == "Week to 28 June: 40 % at risk, average score 50.8"


def test_a_week_with_nothing_in_it_can_be_shown_too() -> None:
    scored("Northwind", 30)
    (report,) = make_week(WEEK + (WEEK - SUNDAY_BEFORE) * 7, now=MONDAY_MORNING)

    letter = render(report)

    assert letter.subject == "Customer health, week to 5 July"
    assert "there is nothing to report" in letter.text
    assert "there is nothing to report" in Parsed(letter.html).words
