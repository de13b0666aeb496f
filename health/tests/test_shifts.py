"""What counts as everybody moving at once: the arithmetic."""

from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from health.shifts import LEAST_RUNS, LEAST_SPREAD, usual

changes = st.lists(st.floats(-20, 20), min_size=LEAST_RUNS, max_size=28)


@pytest.mark.parametrize(
    ("earlier", "change", "is_shift"),
    [
        # Nobody ever moved: the least spread of half a point counts, four times.
        ([0.0] * 28, 2.0, False),
        ([0.0] * 28, 2.1, True),
        ([0.0] * 28, -2.0, False),
        ([0.0] * 28, -2.1, True),
        # Around a slow rise of 1 a day.
        ([1.0] * 10, 3.0, False),
        ([1.0] * 10, 3.1, True),
        ([1.0] * 10, -1.0, False),
        ([1.0] * 10, -1.1, True),
        # A median absolute deviation of 1 is a spread of 1.4826.
        ([-1.0, 1.0] * 14, 5.9, False),
        ([-1.0, 1.0] * 14, 6.0, True),
        # One wild day in the history does not make another one usual.
        ([0.0] * 10 + [-40.0], -10.0, True),
        # The least history there must be.
        ([0.0] * 7, -50.0, True),
    ],
)
def test_a_shift_lies_beyond_four_times_the_usual_spread(earlier: list[float], change: float, is_shift: bool) -> None:
    expected = usual(earlier)

    assert expected is not None
    assert expected.is_left_by(change, 4) is is_shift


@pytest.mark.parametrize("runs", [0, 1, 6])
def test_with_fewer_than_seven_earlier_runs_nothing_is_usual(runs: int) -> None:
    assert usual([0.0] * runs) is None


@given(changes)
def test_the_usual_change_itself_is_never_a_shift(earlier: list[float]) -> None:
    expected = usual(earlier)

    assert expected is not None
    assert not expected.is_left_by(median(earlier), 4)


@given(changes, st.floats(-50, 50))
def test_what_is_usual_does_not_depend_on_where_zero_lies(earlier: list[float], moved_by: float) -> None:
    here, there = usual(earlier), usual([change + moved_by for change in earlier])

    assert here is not None
    assert there is not None
    assert there.change == pytest.approx(here.change + moved_by, abs=1e-6)
    assert there.spread == pytest.approx(here.spread, abs=1e-6)


@given(changes)
def test_the_spread_is_never_below_the_least(earlier: list[float]) -> None:
    expected = usual(earlier)

    assert expected is not None
    assert expected.spread >= LEAST_SPREAD


@pytest.mark.parametrize(
    ("days", "change", "is_left"), [(1, 2.1, True), (4, 2.1, False), (4, 4.0, False), (4, 4.1, True)]
)
def test_over_several_days_the_spread_grows_with_the_root_of_their_number(
    days: int, change: float, is_left: bool
) -> None:
    expected = usual([0.0] * 28)

    assert expected is not None
    assert expected.is_left_by(change, 4, days) is is_left
