"""The key figures against a calculation of their own: plain Python over every row, with its own idea of a day."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from statistics import mean, median
from typing import Any

import pytest

from agentfactory_cs.console.registry import Scope, kpis
from agentfactory_cs.customers.tests.factories import NOW, make_customer, make_member
from onboarding import cohorts

from .factories import make_onboarding, make_reached, make_stuck, make_version

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
TIERS = ("free", "starter", "pro", "enterprise")


@dataclass
class Told:
    """What the naive calculation knows of one customer."""

    tier: str
    owner: str
    signed_up: datetime
    first_agent: datetime | None
    state: str
    ended: datetime | None
    stuck: tuple[datetime, datetime | None] | None


def days(span: timedelta) -> float:
    return span.total_seconds() / 86_400


def make_book(random: Random, number: int = 60) -> list[Told]:
    versions = {tier: make_version(tier=tier) for tier in TIERS}
    owners = [make_member("CSM", f"csm{random.random()}") for _each in range(2)]
    return [_tell(random, versions, random.choice(owners)) for _each in range(number)]


def _tell(random: Random, versions: Mapping[str, Any], owner: Any) -> Told:
    tier = random.choice(TIERS)
    signed_up = NOW - random.uniform(0.1, 80) * DAY
    customer = make_customer(tier=tier, success_manager=owner, signed_up_at=signed_up)
    first_agent = signed_up + random.uniform(0, 40) * DAY
    has_agent = random.random() < 0.7 and first_agent < NOW
    state = random.choice(["running", "completed", "ended"])
    ended = None if state == "running" else min(signed_up + random.uniform(1, 20) * DAY, NOW)
    because = "" if state == "running" else "For a test."
    onboarding = make_onboarding(
        customer, version=versions[tier], started_at=signed_up, state=state, ended_at=ended, ended_because=because
    )
    if has_agent:
        make_reached(customer, "first_agent", at=first_agent)
    stuck = None
    if random.random() < 0.4:
        since = signed_up + random.uniform(1, 10) * DAY
        until = random.choice([None, since + random.uniform(1, 10) * DAY])
        make_stuck(onboarding, since=since, ended_at=until, ended_because="It went on." if until else "")
        stuck = (since, until)
    return Told(tier, str(owner.pk), signed_up, first_agent if has_agent else None, state, ended, stuck)


def chosen(book: list[Told], filters: Mapping[str, str]) -> list[Told]:
    book = [one for one in book if filters.get("tier", one.tier) == one.tier]
    return [one for one in book if filters.get("owner", one.owner) == one.owner]


def on(moment: datetime | None, since: date, until: date) -> bool:
    return moment is not None and since <= moment.date() <= until


def needed(book: list[Told], scope: Scope) -> list[float]:
    return [
        days(one.first_agent - one.signed_up)
        for one in book
        if one.first_agent and on(one.first_agent, scope.since, scope.until)
    ]


def naive_mean(book: list[Told], scope: Scope) -> float | None:
    return mean(found) if (found := needed(book, scope)) else None


def naive_median(book: list[Told], scope: Scope) -> float | None:
    return median(found) if (found := needed(book, scope)) else None


def naive_rate(book: list[Told], scope: Scope) -> float | None:
    began = [one for one in book if on(one.signed_up, scope.since, scope.until)]
    done = [one for one in began if one.state == "completed" and one.ended and one.ended.date() <= scope.until]
    return 100 * len(done) / len(began) if began else None


def naive_stuck(book: list[Told], scope: Scope) -> float:
    periods = [one.stuck for one in book if one.stuck and one.stuck[0].date() <= scope.until]
    return sum(ended is None or ended.date() > scope.until for _since, ended in periods)


NAIVE: Mapping[str, Callable[[list[Told], Scope], float | None]] = {
    "onboarding.time_to_value": naive_mean,
    "onboarding.time_to_value_median": naive_median,
    "onboarding.completion_rate": naive_rate,
    "onboarding.stuck": naive_stuck,
}


@pytest.mark.parametrize("seed", range(4))
def test_every_figure_is_that_of_the_naive_calculation(seed: int) -> None:
    random = Random(seed)
    book = make_book(random)
    owner = random.choice(book).owner
    compared = 0
    for filters in ({}, {"tier": "pro"}, {"owner": owner}, {"tier": "starter", "owner": owner}):
        for length in (7, 28, 90):
            until = NOW.date() - random.randint(0, 20) * DAY
            scope = Scope(until - (length - 1) * DAY, until, NOW, filters)
            for key, naive in NAIVE.items():
                found = kpis.get(key).value(scope)
                assert found == pytest.approx(naive(chosen(book, filters), scope)), (key, scope)
                compared += found is not None
    assert compared > 30


@pytest.mark.parametrize("by", ["week", "month"])
def test_every_cohort_is_that_of_the_naive_calculation(by: cohorts.Span) -> None:
    book = make_book(Random(7), 80)
    since, until = NOW.date() - 90 * DAY, NOW.date()

    found = cohorts.cohorts(by, since, until, {})

    def begins(one: Told) -> date:
        day = one.signed_up.date()
        return day.replace(day=1) if by == "month" else day - day.weekday() * DAY

    assert [cohort.begins for cohort in found] == sorted({begins(one) for one in book}, reverse=True)
    for cohort in found:
        members = [one for one in book if begins(one) == cohort.begins]
        states = [one.state for one in members]
        assert cohort.started == len(members)
        assert (cohort.running, cohort.completed, cohort.ended) == tuple(
            states.count(state) for state in ("running", "completed", "ended")
        )
        to_value = [days(one.first_agent - one.signed_up) for one in members if one.first_agent]
        assert cohort.reached.get("first_agent", 0) == len(to_value)
        assert cohort.days_to_value == (pytest.approx(median(to_value)) if to_value else None)
        to_end = [days(one.ended - one.signed_up) for one in members if one.state == "completed" and one.ended]
        assert cohort.days_to_completion == (pytest.approx(median(to_end)) if to_end else None)


def test_the_bars_hold_everybody_once() -> None:
    book = make_book(Random(3), 40)
    since, until = NOW.date() - 90 * DAY, NOW.date()

    found = cohorts.time_to_value(since, until, {})

    took = needed(book, Scope(since, until, NOW))
    assert sum(bar.number for bar in found.bars) == found.number == len(took) > 0
    for bar in found.bars:
        assert bar.number == sum(bar.since <= one < (bar.until or 999) for one in took)


def test_without_anybody_there_is_nothing_to_measure() -> None:
    scope = Scope(NOW.date() - 6 * DAY, NOW.date(), NOW)

    values = {key: kpis.get(key).value(scope) for key in NAIVE}

    assert values == {**dict.fromkeys(NAIVE), "onboarding.stuck": 0}
    assert cohorts.cohorts("month", scope.since, scope.until, {}) == []
