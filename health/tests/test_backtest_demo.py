"""The demo's leavers turn away before they leave, and a backtest of the demo sees it."""

from datetime import date, timedelta

import pytest

from agentfactory_cs.customers.demo.fleet import account
from agentfactory_cs.demo import World, stages
from health.backtesting import start, work_off
from health.backtesting.words import telling_metrics

WORLD = World(date(2026, 11, 22))


@pytest.mark.django_db
def test_the_demo_shows_a_strong_signal_in_what_its_leavers_lose() -> None:
    for stage in stages:
        if stage.key in (
            "customers.staff",
            "customers.accounts",
            "customers.usage",
            "customers.work",
            "messaging.answers",
        ):
            stage.run(WORLD)

    now = WORLD.now + timedelta(hours=12)
    result = work_off(start(now=now), clock=lambda: now)

    assert result is not None
    assert result.verdict == "signal"
    assert result.score.area is not None
    assert result.score.area.value > 0.75
    assert result.score.area.low > 0.65
    told = [one.key for one in telling_metrics(result)]
    assert set(told[:4]) <= {
        "api_calls_per_day",
        "active_agents",
        "conversations_per_week",
        "feature_adoption_rate",
        "login_frequency",
        "renewal_likelihood",
    }
    assert len(told) >= 4


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_its_leavers_lose_is_use_and_good_will(seed: int) -> None:
    world = World(WORLD.today, seed=seed)
    gone = [(one, one.departure) for one in (account(world, index) for index in range(8, 200)) if one.departure]
    leavers = [(one, departure.days_ago) for one, departure in gone if departure.back is None]

    less_use = [one for one, left in leavers if one.use.at(left) < 0.75 * one.use.at(left + 85)]
    worse_mood = [one for one, left in leavers if one.mood.at(left) < one.mood.at(left + 85)]

    assert len(leavers) >= 12
    assert len(less_use) > 0.9 * len(leavers)
    assert len(worse_mood) > 0.9 * len(leavers)
