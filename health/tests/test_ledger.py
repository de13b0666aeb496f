"""The ledger sums to the score, and the split of a change to the change: whatever the readings and the scorecards."""

import copy
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from health.explaining.change import (
    BEHAVIOUR,
    CAUSES,
    MISSING,
    OVERRIDE,
    SCORECARD,
    Side,
    by_hand,
    in_tenths,
    split,
    steps,
)
from health.explaining.ledger import Facts, Ledger, ledgers
from health.metrics import KEYS, PLACE, SIGNALS, TIERS
from health.rules import Card, Limit
from health.standard import STANDARD

# Whole scorecards take a while to draw on a busy machine; that is no failure.
whole_cards = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
CARD = Card.from_definition(STANDARD)
STARTER, PRO = TIERS.index("starter"), TIERS.index("pro")
UNPAID = 2


def card_with(**changes: Any) -> Card:
    return Card.from_definition({**copy.deepcopy(STANDARD), **changes})


def facts(tier: int = STARTER, signals: int = 0, **readings: float) -> Facts:
    values = np.full(len(KEYS), np.nan)
    for key, reading in readings.items():
        values[PLACE[key]] = reading
    return Facts(values, tier, signals)


def ledger_of(card: Card, one: Facts) -> Ledger:
    [found] = ledgers(card, [one])
    return found


@st.composite
def limits(draw: st.DrawFn) -> dict[str, Any]:
    at_most = draw(st.integers(0, 100))
    if draw(st.booleans()):
        return {"signal": draw(st.sampled_from(SIGNALS)).key, "at_most": at_most}
    side = draw(st.sampled_from(("below", "above")))
    return {"metric": draw(st.sampled_from(KEYS)), side: draw(st.floats(-100, 100)), "at_most": at_most}


_policies = st.sampled_from(("redistribute", "neutral", "zero"))


@st.composite
def cards(draw: st.DrawFn) -> Card:
    """Any scorecard that can be published: weights, targets, policies for missing data, limits."""
    definition = copy.deepcopy(STANDARD)
    parts = draw(st.sampled_from(((1, 0, 0, 0), (4, 3, 2, 1), (1, 1, 1, 1), (0, 5, 0, 7))))
    definition["components"] = dict(zip(definition["components"], [part / sum(parts) for part in parts], strict=True))
    each = draw(st.lists(st.tuples(st.integers(1, 9), _policies), min_size=16, max_size=16))
    for metric, (weight, policy) in zip(definition["metrics"].values(), each, strict=True):
        metric.update(weight=weight, missing=policy)
    definition["limits"] = draw(st.lists(limits(), max_size=4))
    return Card.from_definition(definition)


a_reading = st.one_of(st.just(np.nan), st.floats(-200, 20_000), st.floats(-1, 2))
some_facts = st.builds(
    Facts,
    st.lists(a_reading, min_size=16, max_size=16).map(np.array),
    st.integers(0, len(TIERS) - 1),
    st.integers(0, 3),
)
by_person = st.one_of(st.none(), st.floats(0, 100))


@whole_cards
@given(cards(), some_facts)
def test_contributions_and_limits_sum_to_the_computed_total(card: Card, one: Facts) -> None:
    ledger = ledger_of(card, one)

    total = 0.0 if np.isnan(ledger.total) else ledger.total
    assert ledger.contributions.sum() + ledger.limited_by == pytest.approx(total, abs=1e-9)
    assert all(holding.points <= 0 for holding in ledger.limits)


def _effective(ledger: Ledger, override: float | None) -> float:
    computed = 0.0 if np.isnan(ledger.total) else ledger.total
    return computed if override is None else override


@whole_cards
@given(cards(), some_facts, by_person)
def test_with_the_override_they_sum_to_what_counts(card: Card, one: Facts, override: float | None) -> None:
    ledger = ledger_of(card, one)
    effective = _effective(ledger, override)

    sum_of_all = ledger.contributions.sum() + ledger.limited_by + by_hand(ledger, effective)

    assert sum_of_all == pytest.approx(effective, abs=1e-9)


@whole_cards
@given(cards(), some_facts, by_person, cards(), some_facts, by_person)
def test_the_causes_sum_to_the_change_of_what_counts(
    card: Card, one: Facts, override: float | None, later_card: Card, later: Facts, later_override: float | None
) -> None:
    stages = steps(Side(one, card), Side(later, later_card))
    before, after = _effective(stages[0], override), _effective(stages[-1], later_override)

    found = split(stages, before, after)

    change = after - before
    by_line = sum(points.sum() for points in found.by_metric.values()) + found.limits + found.by_override
    assert sum(found.of(cause) for cause in CAUSES) == pytest.approx(change, abs=1e-9)
    assert found.total == pytest.approx(change, abs=1e-9)
    assert by_line == pytest.approx(change, abs=1e-9)


@whole_cards
@given(cards(), some_facts, some_facts)
def test_under_one_scorecard_and_tier_nothing_is_the_scorecards_doing(card: Card, one: Facts, later: Facts) -> None:
    later = Facts(later.readings, one.tier, later.signals)

    found = split(steps(Side(one, card), Side(later, card)), 0, 0)

    assert not found.by_metric[SCORECARD].any()
    assert found.by_limits[SCORECARD] == 0


@whole_cards
@given(cards(), some_facts, cards())
def test_over_the_same_facts_all_is_the_scorecards_doing(card: Card, one: Facts, later_card: Card) -> None:
    found = split(steps(Side(one, card), Side(one, later_card)), 0, 0)

    assert not found.by_metric[MISSING].any()
    assert not found.by_metric[BEHAVIOUR].any()


@whole_cards
@given(cards(), some_facts, st.lists(a_reading, min_size=16, max_size=16))
def test_where_no_data_came_or_went_nothing_is_missing_datas_doing(card: Card, one: Facts, moved: list[float]) -> None:
    readings = np.where(np.isnan(one.readings), np.nan, np.nan_to_num(np.array(moved)))

    found = split(steps(Side(one, card), Side(Facts(readings, one.tier, one.signals), card)), 0, 0)

    assert not found.by_metric[MISSING].any()
    assert found.by_limits[MISSING] == 0


@given(st.dictionaries(st.sampled_from(CAUSES), st.floats(-100, 100), min_size=1))
def test_what_is_shown_sums_to_the_rounded_change(parts: dict[str, float]) -> None:
    shown = in_tenths(parts)

    assert round(sum(shown.values()) * 10) == round(sum(parts.values()) * 10)
    assert all(abs(shown[cause] - part) < 0.1 + 1e-9 for cause, part in parts.items())


@pytest.mark.parametrize(
    ("parts", "shown"),
    [
        ({"behaviour": -30.42, "missing": 0.56}, {"behaviour": -30.4, "missing": 0.5}),
        ({"behaviour": -8.1, "missing": 0.0}, {"behaviour": -8.1, "missing": 0.0}),
        ({"behaviour": 0.04, "missing": 0.04}, {"behaviour": 0.1, "missing": 0.0}),
    ],
)
def test_rounding_gives_way_where_it_costs_least(parts: dict[str, float], shown: dict[str, float]) -> None:
    assert in_tenths(parts) == pytest.approx(shown)


class TestWhichCause:
    def test_a_reading_that_fell_is_behaviour(self) -> None:
        before, after = facts(api_calls_per_day=150, active_agents=3), facts(api_calls_per_day=75, active_agents=3)

        found = split(steps(Side(before, CARD), Side(after, CARD)), 100, 75)

        assert found.by_metric[BEHAVIOUR][PLACE["api_calls_per_day"]] == pytest.approx(-25)
        assert [found.of(cause) for cause in CAUSES] == pytest.approx([-25, 0, 0, 0])

    def test_data_that_went_is_missing_data_with_what_its_weight_did_to_the_others(self) -> None:
        before, after = facts(api_calls_per_day=150, active_agents=0), facts(active_agents=0)

        found = split(steps(Side(before, CARD), Side(after, CARD)), 50, 0)

        assert [found.of(cause) for cause in CAUSES] == pytest.approx([0, -50, 0, 0])

    def test_a_reading_that_came_brings_all_its_points_as_missing_data(self) -> None:
        before, after = facts(active_agents=0), facts(api_calls_per_day=150, active_agents=0)

        found = split(steps(Side(before, CARD), Side(after, CARD)), 0, 50)

        assert [found.of(cause) for cause in CAUSES] == pytest.approx([0, 50, 0, 0])

    def test_another_tier_is_the_scorecards_doing(self) -> None:
        before, after = facts(api_calls_per_day=150), facts(PRO, api_calls_per_day=150)

        found = split(steps(Side(before, CARD), Side(after, CARD)), 100, 10)

        assert [found.of(cause) for cause in CAUSES] == pytest.approx([0, 0, -90, 0])

    def test_a_new_limit_is_the_scorecards_and_a_payment_fallen_due_is_behaviour(self) -> None:
        limited = card_with(limits=[{"signal": "payment_unpaid", "at_most": 60}])
        paid, unpaid = facts(api_calls_per_day=150), facts(signals=UNPAID, api_calls_per_day=150)

        published = split(steps(Side(unpaid, CARD), Side(unpaid, limited)), 100, 60)
        fell_due = split(steps(Side(paid, limited), Side(unpaid, limited)), 100, 60)

        assert [published.of(cause) for cause in CAUSES] == pytest.approx([0, 0, -40, 0])
        assert [fell_due.of(cause) for cause in CAUSES] == pytest.approx([-40, 0, 0, 0])

    def test_what_a_person_set_is_the_overrides(self) -> None:
        one = facts(api_calls_per_day=75)

        found = split(steps(Side(one, CARD), Side(one, CARD)), 50, 70)

        assert [found.of(cause) for cause in CAUSES] == pytest.approx([0, 0, 0, 20])
        assert found.of(OVERRIDE) == found.total


class TestLimits:
    @pytest.mark.parametrize(
        ("given_limits", "points"),
        [
            ([60], [-40]),
            ([60, 50], [-40, -10]),
            ([50, 60], [-40, -10]),
            ([100], [0]),
            ([], []),
        ],
    )
    def test_each_takes_what_the_looser_ones_left_above_it(self, given_limits: list[int], points: list[float]) -> None:
        card = card_with(limits=[{"signal": "payment_unpaid", "at_most": most} for most in given_limits])

        ledger = ledger_of(card, facts(signals=UNPAID, api_calls_per_day=150))

        assert [holding.points for holding in ledger.limits] == pytest.approx(points)
        assert ledger.total == min([100, *given_limits])

    def test_one_whose_condition_is_not_met_is_not_in_the_ledger(self) -> None:
        card = card_with(limits=[{"metric": "nps", "below": 0, "at_most": 40}])

        unknown, good = facts(api_calls_per_day=150), facts(api_calls_per_day=150, nps=10)

        assert ledger_of(card, unknown).limits == ()
        assert ledger_of(card, good).limits == ()
        assert ledger_of(card, facts(api_calls_per_day=150, nps=-10)).limits[0].limit == Limit(
            40.0, metric="nps", below=0.0
        )
