"""Two texts side by side, as a person reads what changed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

# So many unchanged lines are shown around a change.
_AROUND = 2
_WORDS = re.compile(r"\s+|[^\s\w]|\w+")


@dataclass(frozen=True)
class Line:
    """A line as it was or is; `parts` are its pieces, each with whether that piece changed."""

    kind: Literal["same", "gone", "new", "skipped"]
    parts: tuple[tuple[str, bool], ...] = ()

    @property
    def text(self) -> str:
        return "".join(words for words, _ in self.parts)


def differences(old: str, new: str) -> list[Line]:
    """What goes from `old` and what comes in `new`, line by line; nothing where they say the same."""
    before, after = old.splitlines(), new.splitlines()
    groups = list(SequenceMatcher(None, before, after, autojunk=False).get_grouped_opcodes(_AROUND))
    lines: list[Line] = []
    for group in groups:
        lines += [Line("skipped")] * bool(group[0][1] or lines)
        for kind, i, j, k, m in group:
            lines += _lines(kind, before[i:j], after[k:m])
    return [*lines, *[Line("skipped")] * bool(groups and groups[-1][-1][2] < len(before))]


def _lines(kind: str, before: list[str], after: list[str]) -> Iterator[Line]:
    if kind == "equal":
        yield from (Line("same", ((text, False),)) for text in before)
    elif kind == "replace" and len(before) == len(after):
        for old, new in zip(before, after, strict=True):
            yield from _changed(old, new)
    else:
        yield from (Line("gone", ((text, False),)) for text in before)
        yield from (Line("new", ((text, False),)) for text in after)


def _changed(old: str, new: str) -> tuple[Line, Line]:
    """One line become another, with the words that differ marked."""
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    opcodes = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    gone = tuple(("".join(before[i:j]), kind != "equal") for kind, i, j, _, _ in opcodes if i < j)
    came = tuple(("".join(after[k:m]), kind != "equal") for kind, _, _, k, m in opcodes if k < m)
    return Line("gone", gone), Line("new", came)
