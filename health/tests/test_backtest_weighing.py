"""From a model's coefficients to a scorecard's weights."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from health.backtesting.weighing import reweighed
from health.metrics import COMPONENTS, KEYS, PER_COMPONENT
from health.rules import Card
from health.standard import STANDARD

favours = st.lists(
    st.one_of(st.just(float("nan")), st.just(0.0), st.floats(0.01, 10)), min_size=len(KEYS), max_size=len(KEYS)
)


def favouring(**known: float) -> np.ndarray:
    """Zero for every metric that is not named; None of a metric that nothing is known of."""
    return np.array([known.get(key, 0.0) for key in KEYS])


@given(favours)
def test_whatever_the_model_says_the_definition_is_a_scorecard(given_favours: list[float]) -> None:
    changed = reweighed(STANDARD, np.array(given_favours))

    card = Card.from_definition(changed)
    sums = card.metric_weights.reshape(-1, PER_COMPONENT).sum(axis=1)
    assert sums == pytest.approx(np.ones(len(COMPONENTS)))
    assert sum(changed["components"].values()) == pytest.approx(1, abs=1e-12)
    percents = [100 * changed["metrics"][key]["weight"] for key in KEYS]
    assert percents == pytest.approx([round(percent) for percent in percents])


def test_weights_are_in_proportion_to_what_speaks_for_staying() -> None:
    changed = reweighed(STANDARD, favouring(api_calls_per_day=3, active_agents=1, login_frequency=4))

    assert changed["components"] == {"usage": 0.5, "engagement": 0.5, "outcomes": 0, "relationship": 0}
    assert [changed["metrics"][key]["weight"] for key in KEYS[:5]] == [0.75, 0.25, 0, 0, 1]


def test_what_nothing_is_known_of_keeps_its_share() -> None:
    nothing = dict.fromkeys(KEYS[8:], float("nan"))

    changed = reweighed(STANDARD, favouring(api_calls_per_day=1, support_ticket_volume=float("nan"), **nothing))

    assert changed["components"]["outcomes"] == 0.2
    assert changed["components"]["relationship"] == 0.1
    assert changed["components"]["usage"] == 0.7
    assert changed["metrics"]["nps"] == STANDARD["metrics"]["nps"]


@pytest.mark.parametrize("nothing", [0.0, float("nan")])
def test_where_nothing_speaks_for_anything_all_stays_as_it_is(nothing: float) -> None:
    assert reweighed(STANDARD, np.full(len(KEYS), nothing)) == STANDARD


def test_only_weights_change_and_the_definition_given_is_left_alone() -> None:
    before = {key: dict(metric) for key, metric in STANDARD["metrics"].items()}

    changed = reweighed(STANDARD, favouring(nps=1))

    assert STANDARD["metrics"] == before
    assert changed["bands"] == STANDARD["bands"]
    for key in KEYS:
        assert {**changed["metrics"][key], "weight": 0} == {**before[key], "weight": 0}
