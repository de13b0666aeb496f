"""A backtest as text, for a terminal."""

from collections.abc import Iterator, Sequence
from typing import Any

from .result import Result
from .words import RIVALS, headline, metric_label, percent, sentences, suggestion_words


def lines(result: Result) -> Iterator[str]:
    """Sentences first, then the figures as tables."""
    yield headline(result)
    yield ""
    yield from sentences(result)
    yield suggestion_words(result.suggestion)
    yield from _table("Tells who leaves (area under the ROC curve, 95 % interval)", _areas(result))
    yield from _table("By score, lowest tenth first", _tenths(result))
    yield from _table("By tier", _tiers(result))
    yield from _table("By month end", _months(result))


Rows = Sequence[Sequence[Any]]


def _areas(result: Result) -> Rows:
    named = [("The score", result.score), *((metric_label(one.key), one) for one in result.metrics)]
    rivals = [(f"Rule: {RIVALS[one.key]()}", "", _area(one.area), _area(one.net)) for one in result.rivals]
    scores = [(label, percent(one.share), _area(one.area), _area(one.net)) for label, one in named]
    return [("", "looks with data", "all", "same month and age"), scores[0], *rivals, *scores[1:]]


def _area(measure: Any) -> str:
    return f"{measure.value:.2f} ({measure.low:.2f}–{measure.high:.2f})" if measure else "–"


def _tenths(result: Result) -> Rows:
    rows = [
        (f"{one.lowest:g}–{one.highest:g}", f"{one.looks:,}", f"{one.left:,}", percent(one.left / one.looks))
        for one in result.tenths
    ]
    return [("scores", "looks", "left", "share"), *rows]


def _tiers(result: Result) -> Rows:
    rows = [(one.tier, f"{one.looks:,}", f"{one.churners:,}", _area(one.area)) for one in result.tiers]
    return [("tier", "looks", "customers who left", "area"), *rows]


def _months(result: Result) -> Rows:
    rows = [(one.day, f"{one.customers:,}", f"{one.left:,}", f"{one.caught:g}") for one in result.months]
    return [("as of", "customers", "left", "in the worst fifth"), *rows]


def _table(title: str, rows: Rows) -> Iterator[str]:
    widths = [max(len(str(row[column])) for row in rows) for column in range(len(rows[0]))]
    yield ""
    yield title
    for row in rows:
        cells = (str(cell).ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  " + "  ".join(cells).rstrip()
