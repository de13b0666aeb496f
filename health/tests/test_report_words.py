"""The sentences of a weekly report: what they say, and in which order."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from health.reports.content import Alerts, AtRiskRevenue, Content, Flow, Named, Renewals, Standing, read, write
from health.reports.layout import days_of, precision
from health.reports.words import MOST, listed, percents, sentences

WEEK = date(2026, 6, 22)


def standing(**figures: Any) -> Standing:
    shape = {
        "day": date(2026, 6, 28), "scored": 100, "unscored": 0, "provisional": 0, "average": 62.4, "at_risk": 14,
        "healthy": 25, "coverage": 0.8, "tenths": [0] * 10,
    }  # fmt: skip
    return Standing(**{**shape, **figures})


def content(now: Standing, before: Standing | None = None, **parts: Any) -> Content:
    return Content(WEEK, standing=now, before=before, **parts)


def named(**fields: Any) -> Named:
    known = {
        "customer_id": 1, "name": "Northwind", "tier": "pro", "owner": "", "score": 45, "before": 59, "change": -14.0,
        "band": "at_risk", "provisional": False, "revenue": {},
        "sentences": ["−9.2: conversations per week fell from 610 to 240"],
    }  # fmt: skip
    return Named(**{**known, **fields})


FLOWS = [
    Flow("steady", "at_risk", 5), Flow("healthy", "at_risk", 1), Flow("at_risk", "steady", 2),
    Flow("new", "at_risk", 1), Flow("at_risk", "left", 1), Flow("at_risk", "at_risk", 7),
]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "flows", "sentence"),
    [
        (
            11,
            FLOWS,
            "The at-risk share rose from 11 % to 14 %: 6 customers joined, 1 began there, 2 recovered and 1 left us"
            " (now 14 of 100, before 11 of 100).",
        ),
        (
            16,
            [Flow("at_risk", "steady", 2)],
            "The at-risk share fell from 16 % to 14 %: 2 recovered (now 14 of 100, before 16 of 100).",
        ),
        (
            14,
            [Flow("steady", "at_risk", 1), Flow("at_risk", "no_data", 1)],
            "The at-risk share stayed at 14 %: 1 customer joined and 1 has no data (now 14 of 100, before 14 of 100).",
        ),
        (
            14,
            [],
            "The at-risk share stayed at 14 %: nobody joined or recovered (now 14 of 100, before 14 of 100).",
        ),
    ],
)
def test_the_at_risk_share_says_who_came_and_went(before: int, flows: list[Flow], sentence: str) -> None:
    said = sentences(content(standing(), standing(at_risk=before), flows=flows))

    assert sentence in said


@pytest.mark.parametrize(
    ("was", "sentence"),
    [
        (60.2, "The average score rose from 60.2 to 62.4."),
        (63.6, "The average score fell from 63.6 to 62.4."),
        (62.41, "The average score stayed at 62.4."),
    ],
)
def test_the_average_says_which_way_it_went(was: float, sentence: str) -> None:
    assert sentence in sentences(content(standing(), standing(average=was)))


def test_a_fall_is_told_with_its_reason_and_without_its_points() -> None:
    said = sentences(content(standing(), standing(), falls=[named()]))

    assert "Northwind fell 14 points to 45: conversations per week fell from 610 to 240." in said


def test_a_fall_without_a_known_reason_is_told_all_the_same() -> None:
    said = sentences(content(standing(), standing(), falls=[named(sentences=[])]))

    assert "Northwind fell 14 points to 45." in said


@pytest.mark.parametrize(
    ("before", "tail"),
    [(Decimal(1_000), ": 500 USD more than a week before."), (Decimal(2_000), ": 500 USD less than a week before."),
     (Decimal(1_500), "."), (None, ".")],
)  # fmt: skip
def test_revenue_at_risk_says_how_it_moved(before: Decimal | None, tail: str) -> None:
    row = AtRiskRevenue("USD", Decimal(1_500), before, Decimal(10_000))

    said = sentences(content(standing(), standing(), revenue=[row]))

    assert f"Customers at risk pay 1,500 USD a month, 15 % of the revenue in that currency{tail}" in said


def test_renewals_soon_are_counted_with_what_they_pay() -> None:
    soon = Renewals(30, 2, {"USD": Decimal(300), "EUR": Decimal(90)})

    said = sentences(content(standing(), standing(), renewals=[soon, Renewals(90, 4, {"USD": Decimal(500)})]))

    assert "2 contracts of customers at risk renew within 30 days: 300 USD and 90 EUR a month." in said


def test_a_loss_of_data_is_told_from_five_points() -> None:
    told = sentences(content(standing(coverage=0.7), standing(coverage=0.8)))
    not_told = sentences(content(standing(coverage=0.76), standing(coverage=0.8)))

    assert "The scores rest on 70 % of their data, before on 80 % (−10 points)." in told
    assert not any("data" in sentence for sentence in not_told)


def test_without_a_week_before_it_says_where_things_stand() -> None:
    said = sentences(content(standing()))

    assert said[0] == "14 of 100 customers (14 %) are at risk. No scored week before to compare with."
    assert "The average score is 62.4." in said


def test_where_nobody_has_a_score_it_says_that_alone() -> None:
    assert sentences(content(standing(scored=0, average=None))) == ["None of these customers has a score yet."]


def test_the_largest_matter_comes_first() -> None:
    share_moved = sentences(content(standing(), standing(at_risk=6)))
    average_moved = sentences(content(standing(), standing(average=70.0, at_risk=13)))
    one_fell = sentences(content(standing(scored=10, at_risk=2), standing(scored=10, at_risk=2), falls=[named()]))

    assert share_moved[0].startswith("The at-risk share rose from 6 % to 14 %")
    assert average_moved[0] == "The average score fell from 70.0 to 62.4."
    assert one_fell[0].startswith("Northwind fell")


@pytest.mark.parametrize(
    ("shares", "words"),
    [((11, 14), ["11 %", "14 %"]), ((16.6, 17.4), ["16.6 %", "17.4 %"]), ((14.04, 14.0), ["14 %", "14 %"])],
)
def test_shares_have_a_decimal_only_where_it_tells_them_apart(shares: tuple[float, ...], words: list[str]) -> None:
    assert percents(*shares) == words


@pytest.mark.parametrize(("parts", "words"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")])
def test_a_list_reads_as_people_say_it(parts: list[str], words: str) -> None:
    assert listed(parts) == words


@pytest.mark.parametrize(
    ("week", "words"),
    [
        (WEEK, "22 – 28 Jun 2026"),
        (date(2026, 6, 29), "29 Jun – 5 Jul 2026"),
        (date(2026, 12, 28), "28 Dec 2026 – 3 Jan 2027"),
    ],
)
def test_a_week_is_told_as_short_as_it_is_clear(week: date, words: str) -> None:
    assert days_of(week) == words


@pytest.mark.parametrize(
    ("useful", "noise", "known", "tail"),
    [
        (0, 0, 0, "0 labelled useful, 0 noise, 0 known already: too few to say how often they are right"),
        (6, 3, 9, "6 labelled useful, 3 noise, 9 known already: too few to say how often they are right"),
        (6, 4, 9, "6 labelled useful, 4 noise, 9 known already: right in 60 %"),
    ],
)
def test_how_often_alerts_were_right_is_said_from_ten_labels_on(useful: int, noise: int, known: int, tail: str) -> None:
    alerts = Alerts("drop", "Fell fast", 1, 1, useful, noise, known, 90)

    assert precision(alerts) == f"In 90 days {tail}"


counts = st.integers(0, 60)


@given(at_risk=counts, was=counts, healthy=st.integers(0, 40), average=st.floats(0, 100), before=st.floats(0, 100))
def test_whatever_happened_the_sentences_are_few_and_one_is_of_the_risk(
    at_risk: int, was: int, healthy: int, average: float, before: float
) -> None:
    now = standing(at_risk=at_risk, healthy=healthy, average=average)

    said = sentences(content(now, standing(at_risk=was, average=before), falls=[named()], rises=[named(change=9.0)]))

    assert 1 <= len(said) <= MOST
    assert len(set(said)) == len(said)
    assert any("at-risk share" in sentence for sentence in said)


def test_a_report_reads_back_from_json_as_it_was_written() -> None:
    row = AtRiskRevenue("USD", Decimal("1500.50"), None, Decimal(10_000))
    whole = content(standing(), standing(at_risk=3), falls=[named()], revenue=[row], flows=FLOWS, sentences=["Well."])

    stored = json.loads(json.dumps(write(whole)))

    assert json.loads(json.dumps(write(read(stored)))) == stored
    assert read(stored).revenue[0] == row
    assert stored["schema"] == 1
    assert replace(read(stored), flows=()).moved(("steady",), ("at_risk",)) == 0
