"""Intervals and sample sizes against published examples, and what must hold of any."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbooks.effect.proportions import Arm, control_needed, difference, wilson

ARMS = st.integers(1, 500).flatmap(lambda size: st.builds(Arm, st.integers(0, size), st.just(size)))


@pytest.mark.parametrize(
    ("arm", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998) 857, table I, method 3.
    [
        (Arm(81, 263), 0.2553, 0.3662),
        (Arm(15, 148), 0.0624, 0.1605),
        (Arm(0, 20), 0.0000, 0.1611),
        (Arm(1, 29), 0.0061, 0.1718),
    ],
)
def test_the_interval_of_a_share_is_the_published_one(arm: Arm, low: float, high: float) -> None:
    found = wilson(arm)

    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@pytest.mark.parametrize(
    ("treated", "control", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998) 873, table II, method 10.
    [
        (Arm(56, 70), Arm(48, 80), 0.0524, 0.3339),
        (Arm(9, 10), Arm(3, 10), 0.1705, 0.8090),
        (Arm(6, 7), Arm(2, 7), 0.0582, 0.8062),
        (Arm(5, 56), Arm(0, 29), -0.0381, 0.1926),
        (Arm(0, 10), Arm(0, 20), -0.1611, 0.2775),
        (Arm(0, 10), Arm(0, 10), -0.2775, 0.2775),
        (Arm(10, 10), Arm(0, 20), 0.6791, 1.0000),
        (Arm(10, 10), Arm(0, 10), 0.6075, 1.0000),
    ],
)
def test_the_interval_of_a_difference_is_the_published_one(treated: Arm, control: Arm, low: float, high: float) -> None:
    found = difference(treated, control)

    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_nobody_has_no_share() -> None:
    assert wilson(Arm(0, 0)) is None
    assert difference(Arm(1, 2), Arm(0, 0)) is None


@given(ARMS)
def test_a_share_lies_in_its_interval_and_that_between_nothing_and_all(arm: Arm) -> None:
    found = wilson(arm)

    assert found is not None
    assert 0 <= found.low <= found.value <= found.high <= 1


@given(ARMS, ARMS)
def test_exchanging_the_arms_turns_the_difference_round(one: Arm, other: Arm) -> None:
    here, there = difference(one, other), difference(other, one)

    assert here is not None
    assert there is not None
    assert (here.value, here.low, here.high) == pytest.approx((-there.value, -there.high, -there.low))


@pytest.mark.parametrize(
    ("control", "treated", "needed"),
    # power.prop.test(p1, p2, power = 0.8) of R: 387.3385, 198.9634 and 434.432 in each arm.
    [(0.5, 0.6, 388), (0.1, 0.2, 199), (0.05, 0.1, 435)],
)
def test_equal_arms_need_as_many_as_published(control: float, treated: float, needed: int) -> None:
    assert control_needed(control, treated, 1) == needed


@given(st.floats(0.05, 0.95), st.floats(0.05, 0.95), st.floats(1, 50))
def test_a_larger_treated_arm_needs_no_larger_control(control: float, treated: float, ratio: float) -> None:
    if abs(control - treated) > 0.01:
        assert control_needed(control, treated, ratio * 2) <= control_needed(control, treated, ratio)


def test_no_difference_is_never_seen() -> None:
    assert control_needed(0.5, 0.5, 1) == float("inf")
