"""Words of a thread as a mail template takes them: paragraphs of lines, and what stands quoted below. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Protocol

# A mail's loops take a thousand turns: of an answer, and of each message quoted, so many lines stand for themselves.
MOST_LINES, MOST_QUOTED_LINES = 600, 40


class Said(Protocol):
    """A message of the thread."""

    author_name: str
    written_at: datetime
    text: str


def paragraphs(text: str) -> list[dict[str, list[str]]]:
    """What is separated by empty lines, line by line. Of very long texts the rest is one line; no word is lost."""
    return [{"lines": lines} for lines in _blocks(_limited(text.strip().splitlines()))]


def _limited(lines: Sequence[str]) -> list[str]:
    if len(lines) <= MOST_LINES:
        return list(lines)
    return [*lines[: MOST_LINES - 1], " ".join(line.strip() for line in lines[MOST_LINES - 1 :])]


def _blocks(lines: Sequence[str]) -> Iterator[list[str]]:
    block: list[str] = []
    for line in lines:
        if line.strip():
            block.append(_with_its_indent(line))
        elif block:
            yield block
            block = []
    if block:
        yield block


def _with_its_indent(line: str) -> str:
    """Spaces that a page would swallow: code keeps its shape."""
    bare = line.rstrip().lstrip(" \t")
    indent = line.rstrip()[: -len(bare)].expandtabs(4)
    return "\N{NO-BREAK SPACE}" * len(indent) + bare


def history(messages: Sequence[Said]) -> list[dict[str, Any]]:
    """The newest first, as quoted below an answer."""
    return [
        {
            "who": message.author_name,
            "when": f"{message.written_at:%Y-%m-%d %H:%M} UTC",
            "lines": _shortened([line for line in message.text.splitlines() if line.strip()]),
        }
        for message in messages
    ]


def _shortened(lines: Sequence[str]) -> list[str]:
    return [*lines[:MOST_QUOTED_LINES], "…"] if len(lines) > MOST_QUOTED_LINES else list(lines)
