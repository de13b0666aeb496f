"""The arithmetic of the score, by tables and by properties."""

import copy
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from health.metrics import COMPONENTS, KEYS, PER_COMPONENT, PLACE, TIERS
from health.rules import BadDefinition, Card, Deck, Floats, Ints, Scores, score
from health.standard import STANDARD

CARD = Card.from_definition(STANDARD)
DECK = Deck.of(dict.fromkeys(TIERS, CARD))
STARTER = TIERS.index("starter")
ENTERPRISE = TIERS.index("enterprise")


def scored(readings: Floats, tiers: Ints, deck: Deck = DECK) -> Scores:
    """While no signal is on."""
    return score(readings, tiers, deck, np.zeros(len(tiers), dtype=np.int64))


def score_one(tier: str = "starter", **readings: float) -> Scores:
    values = np.full((1, len(KEYS)), np.nan)
    for key, reading in readings.items():
        values[0, PLACE[key]] = reading
    return scored(values, np.array([TIERS.index(tier)]))


@pytest.mark.parametrize(
    ("key", "tier", "reading", "points"),
    [
        ("api_calls_per_day", "free", 7.5, 50),
        ("api_calls_per_day", "starter", 150, 100),
        ("api_calls_per_day", "pro", 375, 25),
        ("api_calls_per_day", "enterprise", 20_000, 100),
        ("active_agents", "pro", 3, 30),
        ("conversations_per_week", "enterprise", 625, 25),
        ("feature_adoption_rate", "starter", 0.4, 50),
        ("feature_adoption_rate", "starter", 1.0, 100),
        ("login_frequency", "free", 0.25, 50),
        ("support_ticket_volume", "free", 0, 100),
        ("support_ticket_volume", "free", 8, 0),
        ("support_ticket_volume", "free", 12, 0),
        ("training_completion", "pro", 0.75, 75),
        ("community_participation", "pro", 1, 25),
        ("goal_achievement", "pro", 0.3, 30),
        ("roi", "pro", -0.5, 0),
        ("roi", "pro", 0.75, 50),
        ("roi", "pro", 3.0, 100),
        ("success_metrics", "pro", 0.5, 50),
        ("value_realization", "pro", 1.2, 100),
        ("nps", "pro", -50, 0),
        ("nps", "pro", 0, 50),
        ("support_satisfaction", "pro", 3.65, 50),
        ("account_manager_interactions", "starter", 1, 100),
        ("account_manager_interactions", "enterprise", 1, 50),
        ("renewal_likelihood", "pro", 64, 64),
    ],
)
def test_a_reading_is_worth_its_points(key: str, tier: str, reading: float, points: float) -> None:
    scores = score_one(tier, **{key: reading})

    assert scores.points[0, PLACE[key]] == pytest.approx(points)


def test_with_everything_there_the_total_is_the_weighted_sum_of_the_components() -> None:
    scores = score_one(
        "pro",
        **dict.fromkeys(KEYS, 0.3),
    )

    usage, engagement, outcomes, relationship = scores.components[0]
    expected = 0.4 * usage + 0.3 * engagement + 0.2 * outcomes + 0.1 * relationship
    assert scores.totals[0] == pytest.approx(expected)
    assert scores.coverage[0] == pytest.approx(1)


def test_a_missing_metrics_weight_goes_to_the_others_of_its_component() -> None:
    scores = score_one(api_calls_per_day=75, active_agents=3, login_frequency=0.5)

    assert scores.components[0, 0] == pytest.approx(75)
    assert scores.weights[0, PLACE["api_calls_per_day"]] == pytest.approx(0.4 / 0.7 / 2)


def test_an_empty_components_weight_goes_to_the_other_components() -> None:
    scores = score_one(api_calls_per_day=75, login_frequency=0.5)

    assert scores.totals[0] == pytest.approx((0.4 * 50 + 0.3 * 100) / 0.7)
    assert np.isnan(scores.components[0, 2])
    assert scores.coverage[0] == pytest.approx(0.1 + 0.075)


def test_without_any_data_there_is_no_total() -> None:
    scores = score_one()

    assert np.isnan(scores.totals[0])
    assert scores.coverage[0] == 0


def test_a_metric_that_does_not_count_for_the_tier_lowers_no_coverage() -> None:
    everything = dict.fromkeys(KEYS, 0.3)
    without = {key: value for key, value in everything.items() if key != "account_manager_interactions"}

    assert score_one("free", **everything).coverage[0] == pytest.approx(1)
    assert score_one("free", **without).coverage[0] == pytest.approx(1)
    assert score_one("starter", **without).coverage[0] == pytest.approx(0.975)


def test_every_tier_is_scored_by_its_own_card() -> None:
    harsh: dict[str, Any] = copy.deepcopy(STANDARD)
    harsh["metrics"]["login_frequency"]["best"] = 1.0
    deck = Deck.of({**dict.fromkeys(TIERS, CARD), "enterprise": Card.from_definition(harsh)})
    readings = np.full((2, len(KEYS)), np.nan)
    readings[:, PLACE["login_frequency"]] = 0.5

    scores = scored(readings, np.array([STARTER, ENTERPRISE]), deck)

    assert scores.totals == pytest.approx([100, 50])


readings_of_anybody = hnp.arrays(
    np.float64,
    (5, len(KEYS)),
    elements=st.one_of(st.just(float("nan")), st.floats(-1e6, 1e6, allow_nan=False, width=32)),
)
anybodys_tiers = hnp.arrays(np.int64, 5, elements=st.integers(0, len(TIERS) - 1))


@given(readings_of_anybody, anybodys_tiers)
def test_the_contributions_always_sum_to_the_total(readings: np.ndarray, tiers: np.ndarray) -> None:
    scores = scored(readings, tiers)

    has_total = ~np.isnan(scores.totals)
    assert scores.contributions.sum(axis=1)[has_total] == pytest.approx(scores.totals[has_total])
    assert not scores.contributions[~has_total].any()


@given(readings_of_anybody, anybodys_tiers)
def test_totals_weights_and_coverage_stay_within_their_bounds(readings: np.ndarray, tiers: np.ndarray) -> None:
    scores = scored(readings, tiers)

    has_total = ~np.isnan(scores.totals)
    assert ((scores.totals[has_total] >= 0) & (scores.totals[has_total] <= 100)).all()
    assert ((scores.coverage >= 0) & (scores.coverage <= 1)).all()
    assert scores.weights.sum(axis=1)[has_total] == pytest.approx(np.ones(has_total.sum()))
    assert (has_total == (scores.coverage > 0)).all()


@given(readings_of_anybody, anybodys_tiers, st.integers(0, len(KEYS) - 1))
def test_a_better_reading_never_lowers_the_total(readings: np.ndarray, tiers: np.ndarray, place: int) -> None:
    better = readings.copy()
    better[:, place] += np.sign(CARD.best[0, place] - CARD.worst[0, place]) if place != 14 else 1

    before, after = scored(readings, tiers), scored(better, tiers)

    counted = ~np.isnan(before.totals)
    assert (after.totals[counted] >= before.totals[counted] - 1e-9).all()


@given(readings_of_anybody, anybodys_tiers)
def test_a_customer_scores_the_same_alone_and_among_others(readings: np.ndarray, tiers: np.ndarray) -> None:
    together = scored(readings, tiers)

    for row in range(len(tiers)):
        alone = scored(readings[row : row + 1], tiers[row : row + 1])
        assert np.array_equal(alone.totals, together.totals[row : row + 1], equal_nan=True)


@pytest.mark.parametrize(
    ("total", "band"), [(0, "at_risk"), (49.99, "at_risk"), (50, "steady"), (80, "steady"), (80.01, "healthy")]
)
def test_a_total_falls_into_its_band(total: float, band: str) -> None:
    assert CARD.band(total) == band


@pytest.mark.parametrize(
    ("total", "shown"), [(49.6, 49), (49.4, 49), (50, 50), (80.3, 81), (80, 80), (79.6, 80), (62.5, 63), (99.9, 100)]
)
def test_the_whole_number_shown_lies_in_the_band_of_the_total(total: float, shown: int) -> None:
    assert CARD.whole(total) == shown


@pytest.mark.parametrize(("coverage", "provisional"), [(0.49, True), (0.5, False), (1, False)])
def test_below_half_coverage_a_score_is_provisional(coverage: float, provisional: bool) -> None:
    assert CARD.is_provisional(coverage) is provisional


def _broken(path: str, value: Any) -> dict[str, Any]:
    definition: dict[str, Any] = copy.deepcopy(STANDARD)
    *parents, last = path.split(".")
    place = definition
    for name in parents:
        place = place[name]
    place[last] = value
    return definition


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("components", {"usage": 1}, "components: must name exactly"),
        ("components.usage", 0.5, "components: weights .* sum to 1"),
        ("components.usage", "much", "components.usage: must be a number"),
        ("metrics.nps.weight", -1, "weights must not be negative"),
        ("metrics.nps.best", -50, "metrics.nps: worst and best must differ"),
        ("metrics.nps.best", True, "metrics.nps.best.free: must be a number"),
        ("bands", {}, "bands: must name exactly"),
        ("bands", [], "bands: must name exactly"),
        ("bands.at_risk_below", 90, "at_risk_below ≤ healthy_above"),
        ("bands.healthy_above", float("nan"), "bands.healthy_above: must be a number"),
        ("metrics.nps", 3, "metrics.nps: must hold weight"),
        ("provisional_below", None, "provisional_below: must be a number"),
        ("provisional_below", 1.5, "provisional_below: must be 0 to 1"),
        ("metrics.nps.best", 10**400, "metrics.nps.best.free: must lie between"),
        ("metrics.nps.best", float("inf"), "metrics.nps.best.free: must lie between"),
        ("metrics.nps.worst", None, "metrics.nps.worst.free: must be given where best is"),
        ("metrics.nps.missing", "skip", "metrics.nps.missing: must be one of redistribute, neutral, zero"),
        ("metrics.nps.missing", [], "metrics.nps.missing: must be one of"),
        ("limits", {}, "limits: must be a list"),
        ("limits", "no", "limits: must be a list"),
        ("limits", [3], "limits.0: must hold at_most"),
        ("limits", [{"signal": "payment_unpaid"}], "limits.0.at_most: must be a number"),
        ("limits", [{"at_most": 101, "signal": "payment_unpaid"}], "limits.0.at_most: must be 0 to 100"),
        ("limits", [{"at_most": 60}], "limits.0: must name a signal or a metric"),
        ("limits", [{"at_most": 60, "signal": "late"}], "limits.0.signal: must be one of payment_past_due"),
        ("limits", [{"at_most": 60, "signal": "payment_unpaid", "above": 1}], "limits.0: a signal is on or off"),
        ("limits", [{"at_most": 60, "metric": "nps"}], "limits.0: must say below or above"),
        ("limits", [{"at_most": 60, "metric": "nps", "below": 0, "above": 9}], "limits.0: must say below or above"),
        ("limits", [{"at_most": 60, "metric": "mood", "below": 0}], "limits.0.metric: must be one of"),
        ("limits", [{"at_most": 60, "metric": "nps", "below": "low"}], "limits.0.below: must be a number"),
        ("limits", [{"at_most": 60, "metric": "nps", "under": 3}], "limits.0: must hold at_most"),
    ],
)
def test_a_bad_definition_is_refused_naming_the_place(path: str, value: Any, says: str) -> None:
    with pytest.raises(BadDefinition, match=says):
        Card.from_definition(_broken(path, value))


def test_every_component_has_four_metrics() -> None:
    assert len(KEYS) == len(COMPONENTS) * PER_COMPONENT


def score_by(definition: dict[str, Any], signals: int = 0, **readings: float) -> Scores:
    """One pro customer."""
    values = np.full((1, len(KEYS)), np.nan)
    for key, reading in readings.items():
        values[0, PLACE[key]] = reading
    deck = Deck.of(dict.fromkeys(TIERS, Card.from_definition(definition)))
    return score(values, np.array([TIERS.index("pro")]), deck, np.array([signals]))


class TestMissingData:
    @pytest.mark.parametrize(
        ("policy", "component", "points"), [("redistribute", 100, None), ("neutral", 75, 50), ("zero", 50, 0)]
    )
    def test_a_metric_without_data_counts_as_its_policy_says(
        self, policy: str, component: float, points: float | None
    ) -> None:
        definition = _broken("metrics.success_metrics.missing", policy)
        definition["metrics"]["goal_achievement"]["weight"] = definition["metrics"]["success_metrics"]["weight"] = 0.5
        definition["metrics"]["roi"]["weight"] = definition["metrics"]["value_realization"]["weight"] = 0

        scores = score_by(definition, goal_achievement=1.0)

        assert scores.components[0, COMPONENTS.index("outcomes")] == pytest.approx(component)
        assert scores.points[0, PLACE["success_metrics"]] == pytest.approx(
            float("nan") if points is None else points, nan_ok=True
        )

    @pytest.mark.parametrize("policy", ["redistribute", "neutral", "zero"])
    def test_coverage_tells_of_data_whatever_the_policy(self, policy: str) -> None:
        scores = score_by(_broken("metrics.nps.missing", policy), renewal_likelihood=80)

        assert scores.coverage[0] == pytest.approx(0.1 / 4)

    @pytest.mark.parametrize("policy", ["neutral", "zero"])
    def test_a_metric_that_does_not_count_for_the_tier_gets_no_points(self, policy: str) -> None:
        definition = _broken("metrics.account_manager_interactions.missing", policy)
        definition["metrics"]["account_manager_interactions"]["best"]["pro"] = None

        scores = score_by(definition, renewal_likelihood=80)

        assert scores.weights[0, PLACE["account_manager_interactions"]] == 0
        assert scores.totals[0] == pytest.approx(80)

    def test_with_points_for_everything_missing_even_nobody_known_has_a_total(self) -> None:
        definition = copy.deepcopy(STANDARD)
        for metric in definition["metrics"].values():
            metric["missing"] = "neutral"

        scores = score_by(definition)

        assert (scores.totals[0], scores.coverage[0]) == (pytest.approx(50), 0)


UNPAID = {"signal": "payment_unpaid", "at_most": 60}
PAST_DUE = {"signal": "payment_past_due", "at_most": 70}
FEW_LOGINS = {"metric": "login_frequency", "below": 0.5, "at_most": 40}
MANY_TICKETS = {"metric": "support_ticket_volume", "above": 4, "at_most": 30}


class TestLimits:
    @pytest.mark.parametrize(
        ("limits", "signals", "readings", "total"),
        [
            ([UNPAID], 0, {"renewal_likelihood": 90}, 90),
            ([UNPAID], 2, {"renewal_likelihood": 90}, 60),
            ([UNPAID], 1, {"renewal_likelihood": 90}, 90),
            ([UNPAID], 3, {"renewal_likelihood": 90}, 60),
            ([UNPAID], 2, {"renewal_likelihood": 60}, 60),
            ([UNPAID], 2, {"renewal_likelihood": 20}, 20),
            ([UNPAID, PAST_DUE], 3, {"renewal_likelihood": 90}, 60),
            ([PAST_DUE, UNPAID], 1, {"renewal_likelihood": 90}, 70),
            ([FEW_LOGINS], 0, {"login_frequency": 0.5}, 100),
            ([FEW_LOGINS], 0, {"login_frequency": 0.49}, 40),
            ([FEW_LOGINS], 0, {"renewal_likelihood": 90}, 90),
            ([MANY_TICKETS], 0, {"support_ticket_volume": 4}, 50),
            ([MANY_TICKETS], 0, {"support_ticket_volume": 4.5}, 30),
            ([FEW_LOGINS, UNPAID], 2, {"login_frequency": 0.49}, 40),
        ],
    )
    def test_the_lowest_limit_that_applies_holds(
        self, limits: list[dict[str, Any]], signals: int, readings: dict[str, float], total: float
    ) -> None:
        scores = score_by(_broken("limits", limits), signals, **readings)

        assert scores.totals[0] == pytest.approx(total)

    def test_the_contributions_still_say_what_it_would_have_been(self) -> None:
        scores = score_by(_broken("limits", [UNPAID]), 2, renewal_likelihood=90)

        assert (scores.sums[0], scores.ceilings[0]) == (pytest.approx(90), 60)
        assert scores.contributions.sum() == pytest.approx(90)

    def test_without_data_a_limit_makes_no_score(self) -> None:
        assert np.isnan(score_by(_broken("limits", [UNPAID]), 2).totals[0])

    def test_only_customers_of_the_scorecards_tiers_are_limited(self) -> None:
        limited = Card.from_definition(_broken("limits", [UNPAID]))
        deck = Deck.of({**dict.fromkeys(TIERS, CARD), "pro": limited})
        readings = np.full((2, len(KEYS)), np.nan)
        readings[:, PLACE["renewal_likelihood"]] = 90

        scores = score(readings, np.array([STARTER, TIERS.index("pro")]), deck, np.array([2, 2]))

        assert scores.totals == pytest.approx([90, 60])
