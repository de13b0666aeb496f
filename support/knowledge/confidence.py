"""How sure it is that an article is about what somebody asks. Pure.

Three things speak for an article: how much of what is telling in the question it says, how much of its own title the
question says, and how much evidence that is in all: one rare word is less than five.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

# So much telling weight (the sum of ln(1 + articles ÷ articles with the word)) makes half of full evidence.
_HALF = 6.0
# A single word, however telling, is no question that can be answered unasked.
_MOST_OF_ONE_WORD = 0.3


@dataclass(frozen=True)
class Evidence:
    """Weights of words: `asked` of those in the question, `found` of those the article says as well; `title` of the
    article's title and search words, `title_found` of those the question says as well."""

    asked: float
    found: float
    title: float
    title_found: float
    words: int


def confidence(evidence: Evidence) -> float:
    """From 0 to 1; rises with everything that is found."""
    if evidence.asked <= 0 or evidence.found <= 0:
        return 0.0
    covered = min(1.0, evidence.found / evidence.asked)
    titled = min(1.0, evidence.title_found / evidence.title) if evidence.title > 0 else 0.0
    enough = evidence.found / (evidence.found + _HALF)
    sure = math.sqrt(covered) * 0.35 + math.sqrt(titled) * 0.35 + enough * 0.3
    return min(sure, _MOST_OF_ONE_WORD) if evidence.words < 2 else sure


def as_written(lexemes: Sequence[str], text: str) -> tuple[str, ...]:
    """The words of the text that the stems stand for, in the order of the stems; a stem nobody wrote stays itself."""
    written = {word.casefold(): word for word in reversed(_split(text))}
    return tuple(dict.fromkeys(_written(lexeme, written) for lexeme in lexemes))


def _split(text: str) -> list[str]:
    return ["".join(part).strip("-_") for part in _runs(text)]


def _runs(text: str) -> Collection[str]:
    return "".join(letter if letter.isalnum() or letter in "-_" else " " for letter in text).split()


def _written(lexeme: str, written: dict[str, str]) -> str:
    if lexeme in written:
        return written[lexeme]
    stem = lexeme[: max(3, len(lexeme) - 2)]
    return next((word for folded, word in written.items() if folded.startswith(stem)), lexeme)
