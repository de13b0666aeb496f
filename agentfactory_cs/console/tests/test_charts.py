"""Points in, coordinates out."""

import pytest

from agentfactory_cs.console.charts import line


def test_the_lowest_value_stands_at_the_bottom_and_the_highest_on_top() -> None:
    drawn = line([0, 100], low=0, high=100, width=10, height=22)

    assert drawn is not None
    assert drawn.path == "M0.0 21.0L10.0 1.0"


def test_a_missing_value_breaks_the_line() -> None:
    drawn = line([1, 2, None, 2, 1], low=0, high=2, width=40)

    assert drawn is not None
    assert drawn.path.count("M") == 2


def test_a_value_alone_between_gaps_is_a_dot() -> None:
    drawn = line([None, 5, None], low=0, high=10, width=20, height=22)

    assert drawn is not None
    assert drawn.path == ""
    assert drawn.dots == [(10.0, 11.0)]


@pytest.mark.parametrize("points", [[], [None, None]])
def test_nothing_known_draws_nothing(points: list[None]) -> None:
    assert line(points) is None


def test_values_outside_the_scale_stay_inside_the_picture() -> None:
    drawn = line([-50, 150], low=0, high=100, width=10, height=22)

    assert drawn is not None
    assert drawn.path == "M0.0 21.0L10.0 1.0"


def test_bands_lie_where_their_values_lie() -> None:
    drawn = line([50], low=0, high=100, height=102, bands=[(0, 50, "bad"), (80, 100, "good")])

    assert drawn is not None
    assert [(stripe.kind, stripe.top, stripe.height) for stripe in drawn.stripes] == [
        ("bad", 51.0, 50.0),
        ("good", 1.0, 20.0),
    ]


def test_without_a_scale_zero_is_the_floor() -> None:
    drawn = line([5, 10])

    assert drawn is not None
    assert (drawn.low, drawn.high) == (0.0, 10)
