"""Figures in templates."""

import pytest

from agentfactory_cs.console.templatetags.console import figure, signed


@pytest.mark.parametrize(
    ("value", "decimals", "words"),
    [(92.54, 0, "93"), (-0.96, 1, "−1.0"), (20.86, 1, "20.9"), (0.25, 1, "0.3"), (1234.5, 0, "1,235"), (None, 1, "–")],
)
def test_a_figure_is_rounded_not_cut_off(value: float | None, decimals: int, words: str) -> None:
    assert figure(value, decimals) == words


def test_a_change_is_rounded_as_its_sentence_is() -> None:
    assert signed(-0.96, 1) == "−1.0"
