"""The normal form of definitions, and what differs between two, in words."""

import copy
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from health.definitions import checked, content_hash
from health.differences import differences
from health.rules import BadDefinition, Card
from health.standard import STANDARD

from .definitions import changed, definitions

UNPAID = {"signal": "payment_unpaid", "at_most": 60}
FEW_LOGINS = {"metric": "login_frequency", "below": 0.1, "at_most": 40}


class TestNormalForm:
    @given(definitions)
    def test_it_is_stable_and_scores_the_same(self, definition: dict[str, Any]) -> None:
        normal = checked(definition)

        assert checked(json.loads(json.dumps(normal))) == normal
        assert content_hash(definition) == content_hash(normal)
        before, after = Card.from_definition(definition), Card.from_definition(normal)
        assert after.metric_weights == pytest.approx(before.metric_weights, abs=1e-5)
        assert (after.at_risk_below, after.healthy_above) == (before.at_risk_below, before.healthy_above)
        assert set(after.limits) == set(before.limits)
        for name in ("component_weights", "worst", "best", "without_data"):
            assert np.array_equal(getattr(before, name), getattr(after, name), equal_nan=True), name

    @pytest.mark.parametrize(
        "same",
        [
            changed(metrics__nps__best=50.0),
            changed(metrics__nps__missing="redistribute"),
            changed(metrics__nps__best={"free": 50, "starter": 50, "pro": 50, "enterprise": 50}),
            {name: value for name, value in STANDARD.items() if name != "limits"},
            dict(reversed(STANDARD.items())),
        ],
    )
    def test_the_same_written_otherwise_has_the_same_hash(self, same: dict[str, Any]) -> None:
        assert content_hash(same) == content_hash(STANDARD)

    def test_weights_within_a_component_need_not_sum_to_one(self) -> None:
        fours = copy.deepcopy(STANDARD)
        for metric in fours["metrics"].values():
            metric["weight"] = 7

        assert checked(fours) == checked(STANDARD)

    def test_the_order_of_limits_and_saying_one_twice_make_no_difference(self) -> None:
        both = changed(limits=[UNPAID, FEW_LOGINS])

        assert content_hash(both) == content_hash(changed(limits=[FEW_LOGINS, UNPAID, FEW_LOGINS]))

    def test_what_is_given_stays_as_it_was(self) -> None:
        given_ = changed(limits=[UNPAID])
        before = copy.deepcopy(given_)

        checked(given_)

        assert given_ == before

    @pytest.mark.parametrize(
        ("definition", "says"),
        [
            ([], "must hold components"),
            (changed(limit=[]), "limit: there is no such part"),
            (changed(metrics__nps__goal=3), "metrics.nps.goal: there is no such part"),
            (changed(metrics__nps__best={"gold": 3}), "metrics.nps.best.gold: there is no such part"),
        ],
    )
    def test_a_name_it_does_not_know_is_refused(self, definition: Any, says: str) -> None:
        with pytest.raises(BadDefinition, match=says):
            checked(definition)


class TestDifferences:
    @given(definitions, definitions)
    def test_two_differ_exactly_when_there_is_a_sentence(self, one: dict[str, Any], other: dict[str, Any]) -> None:
        assert (differences(one, other) == []) == (checked(one) == checked(other))

    @given(definitions, st.data())
    def test_any_single_change_is_told(self, definition: dict[str, Any], data: st.DataObject) -> None:
        other = copy.deepcopy(definition)
        _set_one_leaf(other, data.draw(definitions), data)

        try:
            told = differences(definition, other)
        except BadDefinition:
            return  # half of one and half of another may not fit together
        assert bool(told) == (checked(definition) != checked(other))

    @pytest.mark.parametrize(
        ("before", "after", "says"),
        [
            (
                STANDARD,
                changed(components={"usage": 0.45, "engagement": 0.25, "outcomes": 0.20, "relationship": 0.10}),
                ["Usage weighs 45 % instead of 40 %", "Engagement weighs 25 % instead of 30 %"],
            ),
            (
                STANDARD,
                changed(metrics__api_calls_per_day__best__pro=2000),
                ["API calls per day: target of pro 2,000 instead of 1,500"],
            ),
            (
                STANDARD,
                changed(metrics__feature_adoption_rate__best=0.9),
                ["Feature adoption: target 90 % instead of 80 %"],
            ),
            (
                STANDARD,
                changed(metrics__support_satisfaction__worst=3),
                ["Support satisfaction: reading worth 0 points 3 of 5 instead of 2.5 of 5"],
            ),
            (
                STANDARD,
                changed(metrics__account_manager_interactions__best__starter=None),
                ["Interactions: no target of starter any more (was 1), so it does not count"],
            ),
            (
                STANDARD,
                changed(metrics__account_manager_interactions__best__free=1),
                ["Interactions: target of free 1; before, it did not count"],
            ),
            (
                STANDARD,
                changed(metrics__nps__missing="neutral"),
                ["Missing NPS counts as 50 points; before, its weight went to the others"],
            ),
            (
                changed(metrics__roi__missing="zero"),
                STANDARD,
                ["Missing return on investment gives its weight to the others; before, it counted as 0 points"],
            ),
            (STANDARD, changed(limits=[UNPAID]), ["New limit: never above 60 while a payment is unpaid"]),
            (
                changed(limits=[FEW_LOGINS]),
                STANDARD,
                ["No longer a limit: never above 40 while login frequency is below 10 %"],
            ),
            (STANDARD, changed(bands__at_risk_below=45), ["At risk begins below 45 instead of 50"]),
            (STANDARD, changed(bands__healthy_above=85), ["Healthy begins above 85 instead of 80"]),
            (STANDARD, changed(provisional_below=0.4), ["A score is provisional below 40 % of data instead of 50 %"]),
        ],
    )
    def test_each_kind_of_change_is_said_in_words(
        self, before: dict[str, Any], after: dict[str, Any], says: list[str]
    ) -> None:
        assert differences(before, after) == says

    def test_a_weight_within_a_component_moves_those_of_the_others(self) -> None:
        told = differences(STANDARD, changed(metrics__nps__weight=0.25, metrics__renewal_likelihood__weight=0))

        assert told[0] == "NPS weighs 33.3333 % of its component instead of 25 %"
        assert told[-1] == "Renewal likelihood weighs 0 % of its component instead of 25 %"


def _set_one_leaf(definition: Any, other: Any, data: st.DataObject) -> None:
    """Put one value of another definition in the place of this one's."""
    key = data.draw(st.sampled_from(sorted(definition)))
    if isinstance(definition[key], Mapping) and isinstance(other.get(key), Mapping):
        _set_one_leaf(definition[key], other[key], data)
    else:
        definition[key] = other.get(key)
