"""What an explanation says: which causes, in which words, in which order."""

import copy
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.tests.factories import NOW, YESTERDAY, make_customer, make_member
from health import queries, services
from health.explaining import CAUSES, Explanation
from health.explaining.ledger import Facts, ledgers
from health.metrics import KEYS, TIERS
from health.models import HealthScore, Scorecard, ScorecardVersion
from health.overrides import set_override
from health.rules import Card
from health.standard import STANDARD

pytestmark = pytest.mark.django_db
WEEK_BEFORE = YESTERDAY - timedelta(days=7)
FULL = {"api_calls_per_day": 150.0, "active_agents": 3.0, "conversations_per_week": 50.0, "login_frequency": 0.5}


@pytest.fixture
def customer() -> Customer:
    return make_customer(name="Northwind")


def publish(**changes: Any) -> ScorecardVersion:
    # What is published again must differ from what is in force; this difference moves no point.
    definition = {**copy.deepcopy(STANDARD), "provisional_below": 0.45, **changes}
    return services.publish_scorecard(Scorecard.objects.get(), definition=definition, reason="Changed.", now=NOW)


def missing_as(policy: str, key: str) -> dict[str, Any]:
    metrics = copy.deepcopy(STANDARD["metrics"])
    metrics[key]["missing"] = policy
    return {"metrics": metrics}


def store(
    customer: Customer,
    day: date,
    readings: dict[str, float],
    *,
    version: ScorecardVersion | None = None,
    tier: str = "starter",
    signals: int = 0,
) -> HealthScore:
    """A row as scoring would store it, from the readings given."""
    version = version or ScorecardVersion.objects.published().order_by("number").first()
    assert version is not None
    values = [readings.get(key) for key in KEYS]
    facts = Facts(np.array([np.nan if v is None else v for v in values]), TIERS.index(tier), signals)
    [ledger] = ledgers(Card.from_definition(version.definition), [facts])
    total = None if np.isnan(ledger.total) else ledger.total
    return HealthScore.objects.create(
        customer=customer,
        day=day,
        version=version,
        total=total,
        effective=total,
        coverage=0.8 if total is not None else 0,
        tier=facts.tier,
        signals=signals,
        readings=values,
    )


def explained(customer: Customer) -> Explanation:
    explanation = queries.explain(customer.pk)
    assert explanation is not None
    return explanation


def by_cause(explanation: Explanation) -> dict[str, float]:
    return {cause.key: round(cause.change, 1) for cause in explanation.causes if abs(cause.change) >= 0.05}


def test_a_fall_in_use_is_said_with_both_readings(customer: Customer) -> None:
    store(customer, WEEK_BEFORE, FULL)
    store(customer, YESTERDAY, {**FULL, "conversations_per_week": 20.0})

    explanation = explained(customer)

    assert explanation.sentences == ["−11.4: conversations per week fell from 50 to 20"]
    assert explanation.headline == "Fell 11.4 points since 23 Jun: behaviour −11.4."
    assert by_cause(explanation) == {"behaviour": -11.4}


def test_readings_that_look_alike_are_said_precisely_enough_to_differ(customer: Customer) -> None:
    store(customer, WEEK_BEFORE, {**FULL, "login_frequency": 0.404})
    store(customer, YESTERDAY, {**FULL, "login_frequency": 0.396})

    assert explained(customer).sentences == ["−0.7: login frequency fell from 40.4 % to 39.6 %"]


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ("redistribute", "−21.4: no data any more for login frequency; its weight went to the other metrics"),
        ("neutral", "−21.4: no data any more for login frequency; it counts as 50 points until there is"),
        ("zero", "−42.9: no data any more for login frequency; it counts as 0 points until there is"),
    ],
)
def test_data_that_went_is_said_with_what_becomes_of_its_weight(customer: Customer, policy: str, words: str) -> None:
    version = publish(**missing_as(policy, "login_frequency"))
    readings = {"api_calls_per_day": 75.0, "login_frequency": 0.5}
    store(customer, WEEK_BEFORE, readings, version=version)
    store(customer, YESTERDAY, {"api_calls_per_day": 75.0}, version=version)

    explanation = explained(customer)

    assert explanation.sentences == [words]
    assert set(by_cause(explanation)) == {"missing"}


def test_data_that_came_and_went_is_one_sentence(customer: Customer) -> None:
    store(customer, WEEK_BEFORE, {"api_calls_per_day": 150.0, "nps": 50.0, "training_completion": 1.0})
    store(customer, YESTERDAY, {"api_calls_per_day": 150.0, "roi": -0.5})

    [sentence] = explained(customer).sentences

    assert "no data any more for training completion and NPS; their weight went to the other metrics" in sentence
    assert "data now for return on investment" in sentence


def test_another_scorecard_version_is_named(customer: Customer) -> None:
    store(customer, WEEK_BEFORE, {**FULL, "active_agents": 0.0})
    metrics = copy.deepcopy(STANDARD["metrics"])
    metrics["active_agents"]["weight"] = 0
    store(customer, YESTERDAY, {**FULL, "active_agents": 0.0}, version=publish(metrics=metrics))

    explanation = explained(customer)

    assert explanation.sentences == ["+19.0: scored by Standard v2 instead of v1"]
    assert by_cause(explanation) == {"scorecard": 19.0}


def test_another_tier_says_that_its_targets_are_higher(customer: Customer) -> None:
    store(customer, WEEK_BEFORE, FULL)
    store(customer, YESTERDAY, FULL, tier="pro")

    [sentence] = explained(customer).sentences

    assert sentence.endswith(": moved from starter to pro: higher targets")


def test_a_limit_that_comes_into_force_is_a_line_and_a_sentence(customer: Customer) -> None:
    version = publish(limits=[{"signal": "payment_unpaid", "at_most": 60}])
    store(customer, WEEK_BEFORE, FULL, version=version)
    store(customer, YESTERDAY, FULL, version=version, signals=2)

    explanation = explained(customer)

    assert explanation.total == 60
    assert explanation.sentences == ["−40.0: never above 60 while a payment is unpaid"]
    assert [limit.sentence for limit in explanation.limits] == [
        "Limit: never above 60 while a payment is unpaid: −40.0"
    ]
    assert by_cause(explanation) == {"behaviour": -40.0}


def test_a_limit_that_no_longer_holds_says_so(customer: Customer) -> None:
    version = publish(limits=[{"metric": "nps", "below": 0, "at_most": 60}])
    store(customer, WEEK_BEFORE, {**FULL, "nps": -10.0}, version=version)
    store(customer, YESTERDAY, {**FULL, "nps": 0.0}, version=version)

    assert any(
        sentence.endswith(": no longer limited to 60 while NPS is below 0")
        for sentence in explained(customer).sentences
    )


def test_an_override_is_said_with_who_until_when_and_why(customer: Customer) -> None:
    store(customer, WEEK_BEFORE, {**FULL, "api_calls_per_day": 75.0})
    store(customer, YESTERDAY, {**FULL, "api_calls_per_day": 75.0})
    ana = make_member("CSM", first_name="Ana", last_name="Ruiz")
    until = NOW.date() + timedelta(days=14)

    set_override(customer, value=100, reason="contract signed", expires_on=until, by=ana, now=NOW)

    explanation = explained(customer)
    assert explanation.sentences == ["+9.5: set to 100 by Ana Ruiz until 15 Jul: contract signed"]
    assert explanation.headline == "Rose 9.5 points since 23 Jun: override +9.5."


def test_under_an_override_that_holds_the_computed_fall_is_told_all_the_same(customer: Customer) -> None:
    store(customer, WEEK_BEFORE, FULL)
    store(customer, YESTERDAY, {**FULL, "conversations_per_week": 20.0})
    until = NOW.date() + timedelta(days=14)
    set_override(customer, value=70, reason="They said so", expires_on=until, now=NOW - timedelta(days=7))

    explanation = explained(customer)

    assert explanation.change == pytest.approx(0)
    assert explanation.headline.startswith("Unchanged since 23 Jun: ")
    assert by_cause(explanation) == {"behaviour": -11.4, "override": 11.4}


def test_at_most_three_sentences_the_largest_first_and_all_causes_sum_to_the_change(customer: Customer) -> None:
    store(customer, WEEK_BEFORE, FULL)
    fallen = {
        "api_calls_per_day": 15.0,
        "active_agents": 2.5,
        "conversations_per_week": 20.0,
        "login_frequency": 0.4,
        "nps": -50.0,
    }
    store(customer, YESTERDAY, fallen)

    explanation = explained(customer)

    amounts = [float(sentence.split(":")[0].replace("−", "-")) for sentence in explanation.sentences]
    assert len(amounts) == 3
    assert amounts == sorted(amounts)
    assert sum(cause.change for cause in explanation.causes) == pytest.approx(explanation.change, abs=1e-9)
    lines = [metric.change or 0 for metric in explanation.metrics]
    assert sum(lines) + (explanation.limits_change or 0) == pytest.approx(explanation.change, abs=1e-9)


def test_without_a_score_on_one_of_the_days_nothing_is_split(customer: Customer) -> None:
    store(customer, WEEK_BEFORE, {})
    store(customer, YESTERDAY, FULL)

    explanation = explained(customer)

    assert (explanation.change, explanation.causes) == (None, [])
    assert explanation.headline == "No score on 23 Jun to compare with."


def test_every_cause_has_its_line(customer: Customer) -> None:
    store(customer, WEEK_BEFORE, FULL)
    store(customer, YESTERDAY, FULL)

    explanation = explained(customer)

    assert tuple(cause.key for cause in explanation.causes) == CAUSES
    assert explanation.headline == "Unchanged since 23 Jun."
