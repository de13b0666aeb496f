"""The key figures against a calculation of their own: plain Python over every row, with its own idea of a day."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from random import Random
from statistics import mean, median
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from agentfactory_cs.console.registry import Scope, kpis
from agentfactory_cs.customers.tests.clients import ApiClient, errors_of
from agentfactory_cs.customers.tests.factories import NOW, make_customer, make_member
from support.models import Ticket

from .desks import make_ticket, team

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
TIERS = ("free", "starter", "pro", "enterprise")
TEAMS = ("api", "billing", "general")
Book = list[Ticket]


def make_book(random: Random, number: int = 60) -> Book:
    owners = [make_member("CSM", f"csm{random.random()}") for _each in range(2)]
    customers = [
        make_customer(tier=tier, success_manager=owner, signed_up_at=NOW - 400 * DAY)
        for tier in TIERS
        for owner in owners
    ]
    return [_one(random, random.choice([*customers, None])) for _each in range(number)]


def _one(random: Random, customer: Any) -> Ticket:
    created = NOW - random.uniform(0.2, 80) * DAY
    answered = created + random.uniform(0, 3) * DAY
    resolved = created + random.uniform(1, 20) * DAY
    is_answered, is_resolved = random.random() < 0.8 and answered < NOW, random.random() < 0.7 and resolved < NOW
    took = int((resolved - created).total_seconds() * random.uniform(0.3, 1))
    return make_ticket(
        customer=customer,
        team=team(random.choice(TEAMS)),
        channel=random.choice(["api", "mail", "import"]),
        created_at=created,
        first_response_at=answered if is_answered else None,
        first_response_open_seconds=random.randrange(50_000) if is_answered else None,
        status="resolved" if is_resolved else "open",
        resolved_at=resolved if is_resolved else None,
        resolution_seconds=took if is_resolved else None,
        resolution_open_seconds=took // 3 if is_resolved else None,
        told=random.choice([[], ["resolution.warned"], ["first_response.breached"], ["resolution.breached"]]),
    )


def chosen(book: Book, filters: Mapping[str, str]) -> Book:
    def fits(one: Ticket) -> bool:
        customer = one.customer
        tier, owner = (customer.tier, str(customer.success_manager_id)) if customer else ("", "")
        asked = filters.get
        return (
            asked("tier", tier) == tier
            and asked("owner", owner) == owner
            and asked("team", one.team.key if one.team else "") == (one.team.key if one.team else "")
        )

    return [one for one in book if fits(one)]


def on(moment: datetime | None, scope: Scope) -> bool:
    return moment is not None and scope.since <= moment.date() <= scope.until


def hours_to_first(book: Book, scope: Scope) -> list[float]:
    found = [one for one in book if on(one.first_response_at, scope)]
    return [(one.first_response_at - one.created_at).total_seconds() / 3600 for one in found if one.first_response_at]


def open_hours_to_first(book: Book, scope: Scope) -> list[float]:
    return [(one.first_response_open_seconds or 0) / 3600 for one in book if on(one.first_response_at, scope)]


def hours_to_resolution(book: Book, scope: Scope) -> list[float]:
    return [(one.resolution_seconds or 0) / 3600 for one in book if on(one.resolved_at, scope)]


def open_hours_to_resolution(book: Book, scope: Scope) -> list[float]:
    return [(one.resolution_open_seconds or 0) / 3600 for one in book if on(one.resolved_at, scope)]


def share_kept(book: Book, scope: Scope) -> float | None:
    resolved = [one for one in book if on(one.resolved_at, scope) and one.channel != "import"]
    good = [one for one in resolved if not any(word.endswith(".breached") for word in one.told)]
    return 100 * len(good) / len(resolved) if resolved else None


Taken = Callable[[Book, Scope], list[float]]


def of(figure: Callable[[list[float]], float], took: Taken) -> Callable[[Book, Scope], float | None]:
    return lambda book, scope: figure(found) if (found := took(book, scope)) else None


NAIVE: Mapping[str, Callable[[Book, Scope], float | None]] = {
    "support.first_response_mean": of(mean, hours_to_first),
    "support.first_response_median": of(median, hours_to_first),
    "support.first_response_open_mean": of(mean, open_hours_to_first),
    "support.first_response_open_median": of(median, open_hours_to_first),
    "support.resolution_mean": of(mean, hours_to_resolution),
    "support.resolution_median": of(median, hours_to_resolution),
    "support.resolution_open_mean": of(mean, open_hours_to_resolution),
    "support.resolution_open_median": of(median, open_hours_to_resolution),
    "support.within_service_level": share_kept,
}


@pytest.mark.parametrize("seed", range(3))
def test_every_figure_is_that_of_the_naive_calculation(seed: int) -> None:
    random = Random(seed)
    book = make_book(random)
    owner = str(next(one.customer.success_manager_id for one in book if one.customer))
    compared = 0
    for filters in ({}, {"tier": "pro"}, {"owner": owner}, {"team": "billing"}, {"tier": "free", "team": "api"}):
        for length in (7, 28, 90):
            until = NOW.date() - random.randint(0, 20) * DAY
            scope = Scope(until - (length - 1) * DAY, until, NOW, filters)
            for key, naive in NAIVE.items():
                found = kpis.get(key).value(scope)
                assert found == pytest.approx(naive(chosen(book, filters), scope)), (key, scope)
                compared += found is not None
    assert compared > 60


def test_volume_is_tickets_by_customer_and_month() -> None:
    customer, _quiet, _gone_by = (make_customer(tier="pro") for _each in range(3))
    make_customer(tier="free")
    for days in (0, 3, 29, 31):
        make_ticket(customer=customer, created_at=NOW - days * DAY)
    make_ticket()  # a stranger's
    scope = Scope(NOW.date() - 29 * DAY, NOW.date(), NOW, {"tier": "pro"})

    found = kpis.get("support.volume").value(scope)

    assert found == pytest.approx(3 / 3 / (30 / 30.4375))


def test_without_anybody_there_is_nothing_to_measure() -> None:
    scope = Scope(NOW.date() - 6 * DAY, NOW.date(), NOW)

    values = {key: kpis.get(key).value(scope) for key in (*NAIVE, "support.volume")}

    assert values == {**dict.fromkeys(NAIVE), "support.volume": None}


def test_only_the_typical_times_stand_on_the_dashboard() -> None:
    ours = {*NAIVE, "support.volume"}

    shown = {kpi.key for kpi in kpis if kpi.key in ours and not kpi.is_detail}

    assert shown == {
        "support.first_response_open_median",
        "support.resolution_open_median",
        "support.within_service_level",
        "support.volume",
    }


class TestOverRest:
    @pytest.mark.parametrize("by", ["tier", "owner", "team", "month"])
    def test_groups_say_what_each_says_when_it_is_asked_alone(self, api: ApiClient, by: str) -> None:
        book = make_book(Random(5))
        period = {"since": str(NOW.date() - 89 * DAY), "until": str(NOW.date())}

        told = api.get("support-metrics/", by=by, **period).json()

        assert sum(group["opened"] for group in told["groups"]) == told["opened"] == len(book)
        for group in told["groups"]:
            if by == "month":
                first = datetime.fromisoformat(group["group"]).date()
                opened = [one for one in book if one.created_at.date().replace(day=1) == first]
                assert group["opened"] == len(opened)
            elif group["group"] is not None:
                alone = api.get("support-metrics/", **{by: group["group"]}, **period).json()
                assert {name: alone[name] for name in group if name != "group"} == {
                    name: group[name] for name in group if name != "group"
                }

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ({"since": "yesterday"}, "since"),
            ({"since": "2026-07-02", "until": "2026-07-01"}, "since"),
            ({"until": "9999-12-31"}, "until"),
            ({"tier": "gold"}, "tier"),
            ({"team": "cooks"}, "team"),
            ({"owner": "nobody"}, "owner"),
            ({"by": "weather"}, "by"),
            ({"colour": "red"}, "colour"),
        ],
    )
    def test_what_is_wrong_is_named(self, api: ApiClient, query: dict[str, str], field: str) -> None:
        answer = api.get("support-metrics/", **query)

        assert (answer.status_code, set(errors_of(answer))) == (400, {field})

    @pytest.mark.parametrize("number", [0, 12])
    def test_they_cost_the_same_queries_whatever_there_is(
        self, api: ApiClient, number: int, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        make_book(Random(1), number)
        api.get("support-metrics/")

        with django_assert_num_queries(12):  # the key, four figures twice, three of customers
            api.get("support-metrics/", by="team")
