from collections import Counter
from datetime import date

import numpy as np
import pytest

from agentfactory_cs.customers.demo import Account, account
from agentfactory_cs.customers.demo.accounts import Curve, Departure
from agentfactory_cs.customers.demo.routine import script
from agentfactory_cs.customers.demo.stories import STORIES
from agentfactory_cs.customers.demo.usage import FULL, Catalogue, Days, days_of
from agentfactory_cs.customers.models import Churn, Customer
from agentfactory_cs.demo import World

WORLD = World(date(2026, 3, 4), customers=200)


@pytest.fixture(scope="module")
def fleet() -> list[Account]:
    return [account(WORLD, index) for index in range(len(STORIES), WORLD.customers)]


@pytest.fixture
def catalogue() -> Catalogue:
    """Four features a tier, on bits of their own."""
    known = Catalogue.__new__(Catalogue)
    known.bits = {tier: list(range(4 * (place + 1))) for place, tier in enumerate(Customer.Tier)}
    return known


def _change(one: Account, **values: object) -> Account:
    return Account(**{**{name: getattr(one, name) for name in one.__dataclass_fields__}, **values})


def _used(one: Account, catalogue: Catalogue) -> Days:
    return days_of(WORLD, one, catalogue)


def test_the_eight_stories_stand_first_and_have_names_of_their_own() -> None:
    stories = [account(WORLD, index).story for index in range(8)]

    assert stories == [
        "thriving",
        "stalled in onboarding",
        "silent decline",
        "angry",
        "payment trouble",
        "champion left",
        "renewing",
        "recovered",
    ]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_two_hundred_customers_have_the_tiers_of_a_real_book(seed: int) -> None:
    world = World(WORLD.today, seed=seed)

    tiers = Counter(account(world, index).tier for index in range(8, 200))

    shares = {tier: count / 192 for tier, count in tiers.items()}
    assert shares == pytest.approx({"free": 0.40, "starter": 0.30, "pro": 0.22, "enterprise": 0.08}, abs=0.02)


def test_signups_come_before_and_during_the_days_shown(fleet: list[Account]) -> None:
    during = sum(one.signed_up <= WORLD.days for one in fleet) / len(fleet)
    too_young_to_score = sum(one.signed_up < 7 for one in fleet)

    assert 0.2 <= during <= 0.4
    assert 4 <= too_young_to_score <= 16


def test_some_have_left_each_with_a_reason_and_some_of_them_came_back(fleet: list[Account]) -> None:
    departures = [one.departure for one in fleet if one.departure]

    assert 0.05 <= len(departures) / len(fleet) <= 0.15
    assert any(departure.back for departure in departures)
    assert len({departure.reason for departure in departures}) >= 4


def test_nobody_leaves_the_free_tier_over_money() -> None:
    book = [account(World(WORLD.today, customers=2000), index) for index in range(8, 2000)]

    reasons = {one.departure.reason for one in book if one.departure and not one.pays}

    assert reasons
    assert not reasons & {Churn.Reason.PRICE, Churn.Reason.NON_PAYMENT}


def test_no_two_customers_share_a_name_or_an_id(fleet: list[Account]) -> None:
    assert len({one.name for one in fleet}) == len(fleet)
    assert len({one.external_id for one in fleet}) == len(fleet)


def test_a_customer_is_the_same_in_a_book_of_any_size(fleet: list[Account]) -> None:
    assert account(World(WORLD.today, customers=5000), 150) == fleet[150 - 8]


def test_a_good_part_of_the_contracts_renews_within_ninety_days(fleet: list[Account]) -> None:
    contracts = [contract for one in fleet for contract in script(WORLD, one).contracts]

    renewals = [contract.renews for contract in contracts if contract.renews is not None]

    assert 0.3 <= sum(0 < days <= 90 for days in renewals) / len(renewals) <= 0.7


def test_tasks_are_due_around_today_and_some_are_overdue(fleet: list[Account]) -> None:
    due = [todo.due for one in fleet for todo in script(WORLD, one).todos if todo.done is None]

    assert all(-12 <= days_ago <= 8 for days_ago in due)
    assert any(days_ago > 0 for days_ago in due)
    assert any(days_ago < 0 for days_ago in due)


def test_a_curve_runs_straight_between_its_points_and_level_outside() -> None:
    curve = Curve(((100, 1.0), (50, 0.5)))

    assert [curve.at(days_ago) for days_ago in (300, 100, 75, 50, 0)] == [1.0, 1.0, 0.75, 0.5, 0.5]


def test_full_use_comes_to_the_targets_of_the_tier(fleet: list[Account], catalogue: Catalogue) -> None:
    level = Curve(((0, 1.0),))
    full = _change(fleet[0], tier=Customer.Tier.PRO, was=None, signed_up=400, use=level, presence=level, departure=None)

    days = _used(full, catalogue)

    assert days.api_calls.sum() / 210 == pytest.approx(FULL[Customer.Tier.PRO].api_calls_a_day, rel=0.08)
    assert days.conversations.sum() / 30 == pytest.approx(FULL[Customer.Tier.PRO].conversations_a_week, rel=0.08)
    assert days.active_agents.sum() / 210 == pytest.approx(FULL[Customer.Tier.PRO].active_agents, rel=0.08)


def test_weekends_are_quieter_than_working_days(fleet: list[Account], catalogue: Catalogue) -> None:
    busy = next(one for one in fleet if one.tier == Customer.Tier.PRO and one.signed_up > 200 and not one.departure)

    days = _used(busy, catalogue)

    weekend = np.array([day.isoweekday() > 5 for day in days.day])
    assert days.conversations[weekend].mean() < 0.6 * days.conversations[~weekend].mean()
    assert days.logins[weekend].sum() < 0.2 * days.logins.sum()


def test_nobody_uses_anything_before_signup_or_while_away(fleet: list[Account], catalogue: Catalogue) -> None:
    level = Curve(((0, 1.0),))
    away = Departure(60, Churn.Reason.PRICE, "", back=30)
    one = _change(fleet[0], signed_up=90, use=level, presence=level, departure=away)

    ago = {(WORLD.today - day).days for day in _used(one, catalogue).day}

    assert ago <= {*range(61, 91), *range(1, 31)}
    assert {90, 61, 30, 1} & ago


def test_features_stay_within_the_catalogue_of_the_tier(fleet: list[Account], catalogue: Catalogue) -> None:
    for one in fleet[:40]:
        allowed = sum(1 << bit for bit in catalogue.bits[one.tier])

        assert not np.any(_used(one, catalogue).features & ~allowed)
