"""The score chip says in words what its colour says."""

import pytest

from agentfactory_cs.console.chips import ScoreChip


def test_number_change_and_band_are_told_in_words() -> None:
    html = ScoreChip(42.4, "at risk", "bad", change=-9.2).render()

    assert "<b>42</b>" in html
    assert "▼9" in html
    assert "at risk" in html
    assert "−9.2 points in 7 days" in html


def test_a_change_below_half_a_point_is_not_told() -> None:
    html = ScoreChip(60, "steady", change=0.4).render()

    assert "▲" not in html
    assert "▼" not in html


def test_a_provisional_score_tells_its_coverage_instead_of_a_band() -> None:
    html = ScoreChip(61, "steady", coverage=0.38, provisional=True).render()

    assert "38 % data" in html
    assert "steady" not in html
    assert "af-chip-provisional" in html


def test_without_a_score_it_says_so() -> None:
    assert "no data" in ScoreChip(None).render()


def test_a_score_set_by_hand_shows_the_computed_one_beside_it() -> None:
    html = ScoreChip(70, "steady", computed=44).render()

    assert "Set by hand" in html
    assert "<small>44</small>" in html


@pytest.mark.parametrize(("number", "points"), [(49, 49), (49.4, 49), (49.5, 50), (50.5, 51), (0, 0)])
def test_the_number_given_is_shown_rounded_half_up(number: float, points: int) -> None:
    assert ScoreChip(number).points == points


def test_half_points_of_change_are_rounded_as_people_round() -> None:
    assert ScoreChip(50, change=-2.5).moved == -3
