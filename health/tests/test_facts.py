"""The facts of health: the same as scoring, bands and pages say, of the newest day scored up to a moment."""

import math
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentfactory_cs.customers.conditions import Condition, FactType, facts
from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.tests.factories import NOW, YESTERDAY, make_customer
from agentfactory_cs.customers.tests.facts import known
from health.facts import OF_TARGET
from health.metrics import KEYS, TIERS
from health.models import HealthScore, ScorecardVersion, ScoringRun
from health.queries import provisional
from health.rules import Card
from health.standard import STANDARD
from playbooks import services
from playbooks.entering import look_at_everybody
from playbooks.models import Playbook, Run
from playbooks.models.playbook import PlaybookState
from playbooks.watching import let_out

from .alerting import scored, write_scores
from .books import make_draft

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
HEALTH = [fact for fact in facts if fact.key.startswith("health.")]


def standard() -> ScorecardVersion:
    return ScorecardVersion.objects.published().order_by("pk")[0]


def test_the_score_that_counts_is_asked() -> None:
    customer = make_customer()
    write_scores(customer, [40], effective=75)

    assert known("health.score", customer) == 75


def test_a_past_moment_asks_the_score_that_was_known_by_then() -> None:
    customer = scored([10, 20, 30, 40])

    seen = [known("health.score", customer, NOW - days * DAY) for days in (0, 1, 2, 3, 4, 5)]

    assert seen == [40, 30, 20, 10, None, None]


def test_a_day_counts_once_everybody_was_scored_for_it() -> None:
    customer, gone = scored([40, 50]), scored([60], until=YESTERDAY - DAY)
    ScoringRun.objects.create(
        day=YESTERDAY - DAY, state="done", customers_total=2, customers_done=2, created_at=NOW, finished_at=NOW
    )
    ScoringRun.objects.create(day=YESTERDAY, state="running", customers_total=2, created_at=NOW)

    assert (known("health.score", customer), known("health.score", gone)) == (40, 60)

    ScoringRun.objects.filter(day=YESTERDAY).update(state="done", customers_done=1, finished_at=NOW)

    assert (known("health.score", customer), known("health.score", gone)) == (50, None)


def test_who_has_no_score_has_nothing_known_of_its_health() -> None:
    customer = make_customer()
    scored([50])

    assert {fact.key: known(fact.key, customer) for fact in HEALTH} == {fact.key: None for fact in HEALTH}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    score=st.one_of(st.sampled_from([0, 49.5, 50, 50.5, 80, 80.5, 100]), st.floats(0, 100, width=32)),
    coverage=st.one_of(st.sampled_from([0.25, 0.5, 0.75]), st.floats(0, 1, width=32)),
    by_hand=st.booleans(),
)
def test_band_and_provisional_are_what_the_rules_say(score: float, coverage: float, by_hand: bool) -> None:
    HealthScore.objects.all().delete()
    customer = make_customer()
    write_scores(customer, [12.5 if by_hand else score], coverage=coverage, effective=score)

    card = Card.from_definition(STANDARD)
    assert known("health.band", customer) == card.band(score)
    assert known("health.is_provisional", customer) is (
        card.is_provisional(coverage) and (not by_hand or score == 12.5)
    )
    assert known("health.is_provisional", customer) is HealthScore.objects.filter(provisional()).exists()


def test_the_change_is_against_the_same_customer_so_many_days_before() -> None:
    customer = scored([20 + place for place in range(31)])
    young = scored([70, 60])

    assert known("health.change_7d", customer) == 7
    assert known("health.change_30d", customer) == 30
    assert known("health.change_7d", young) is None


def test_components_are_the_stored_ones() -> None:
    customer = scored([50])
    HealthScore.objects.update(usage=10, engagement=20, outcomes=None, relationship=40)

    parts = [known(f"health.{name}", customer) for name in ("usage", "engagement", "outcomes", "relationship")]

    assert parts == [10, 20, None, 40]


READING = st.one_of(st.none(), st.floats(0, 1e5, width=32))


def plainly(readings: list[float | None], definition: dict[str, Any], tier: str) -> float | None:
    """Mean of reading ÷ target, in per cent, over the metrics that have both."""
    shares = []
    for key in OF_TARGET:
        best = definition["metrics"][key]["best"]
        target = best[tier] if isinstance(best, dict) else best
        reading = readings[KEYS.index(key)]
        if reading is not None and target:
            shares.append(reading / target)
    return 100 * sum(shares) / len(shares) if shares else None


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(readings=st.lists(READING, min_size=3, max_size=3), tier=st.sampled_from(TIERS), one_target=st.booleans())
def test_use_against_target_is_the_mean_share_of_what_the_tier_should_reach(
    readings: list[float | None], tier: str, one_target: bool
) -> None:
    HealthScore.objects.all().delete()
    definition = deepcopy(STANDARD)
    definition["metrics"]["active_agents"]["best"] = {"free": None, "starter": 3, "pro": 10, "enterprise": 25}
    if one_target:
        definition["metrics"]["api_calls_per_day"]["best"] = 500
    version = standard() if (tier, one_target) == ("pro", False) else make_draft(definition)
    customer = make_customer()
    write_scores(customer, [50], version=version)
    full = readings + [None] * 13
    HealthScore.objects.filter(customer=customer).update(readings=full, tier=TIERS.index(tier))

    found, expected = known("health.usage_of_target", customer), plainly(full, version.definition, tier)

    assert (found is None) is (expected is None)
    assert expected is None or math.isclose(found, expected, rel_tol=1e-6)


ASKED = {FactType.NUMBER: ("at_least", 50), FactType.CHOICE: ("in", ["healthy"]), FactType.YES_NO: ("no", None)}


def test_all_of_them_at_once_are_one_query_that_joins_each_day_once() -> None:
    rows = [{"fact": fact.key, "operator": ASKED[fact.type][0], "value": ASKED[fact.type][1]} for fact in HEALTH]
    condition = Condition.from_data({"match": "any", "rows": rows})
    healthy, risky = scored([90]), scored([20])

    with CaptureQueriesContext(connection) as captured:
        found = set(condition.narrow(Customer.objects.all(), NOW))
        judged = condition.judge([healthy.pk, risky.pk], NOW)

    assert found == {healthy, risky}  # neither is provisional
    assert judged[healthy.pk].holds
    assert len(captured) == 2
    assert captured[0]["sql"].count('LEFT OUTER JOIN "health_healthscore"') == 3


def test_the_at_risk_mails_stop_once_the_score_is_back_at_sixty() -> None:
    mails = Playbook.objects.get(key="at_risk")
    services.publish(mails, reason="As shipped.", now=NOW)
    mails = services.set_state(mails, PlaybookState.ACTIVE, now=NOW)
    low, back = scored([40, 59]), scored([40, 60])
    runs = [services.start_run(customer, mails, now=NOW, why="It fell.") for customer in (low, back)]

    let_out(now=NOW)

    for run in runs:
        run.refresh_from_db()
    assert [run.state for run in runs] == ["running", "exited"]
    assert "Health score is at least 60 points" in runs[1].ended_because


def test_the_daily_look_lets_in_who_is_at_risk_and_surely_so() -> None:
    playbook = Playbook.objects.get(key="at_risk_intervention")
    for key in ("at_risk", "at_risk_intervention"):
        services.publish(Playbook.objects.get(key=key), reason="As shipped.", now=NOW)
        services.set_state(Playbook.objects.get(key=key), PlaybookState.ACTIVE, now=NOW)
    risky = scored([30], lifecycle_stage="growth")
    scored([30], lifecycle_stage="onboarding")
    scored([50], lifecycle_stage="growth")
    write_scores(make_customer(lifecycle_stage="growth"), [30], coverage=0.3)

    look_at_everybody(NOW)

    assert [run.customer for run in Run.objects.filter(playbook=playbook)] == [risky]
