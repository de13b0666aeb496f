"""Spans of time as people write them: "1 h 20 min". Pure."""

import re

_HOUR, _DAY = 60, 24 * 60
_PARTS = re.compile(r"(?:(\d{1,4})\s*h(?:ours?)?)?\s*(?:(\d{1,6})\s*(?:m(?:in(?:utes?)?)?)?)?", re.IGNORECASE)
_CLOCK = re.compile(r"(\d{1,4}):([0-5]\d)")


class BadSpan(ValueError):
    """Not a span of time; the message says what one looks like."""


def spell(minutes: int) -> str:
    """The two largest units of a span: "12 min", "1 h 20 min", "3 d 4 h"; a day is 24 hours."""
    if minutes >= _DAY:
        return _two(minutes // _DAY, "d", minutes % _DAY // _HOUR, "h")
    return spell_hours(minutes)


def spell_hours(minutes: int) -> str:
    """Exactly, in hours and minutes: "36 h", as promises are made, which know no days."""
    return _two(minutes // _HOUR, "h", minutes % _HOUR, "min") if minutes >= _HOUR else f"{minutes} min"


def _two(large: int, unit: str, small: int, smaller: str) -> str:
    return f"{large} {unit} {small} {smaller}" if small else f"{large} {unit}"


def minutes_of(words: str) -> int | None:
    """Minutes from "90", "90 min", "1 h 30 min", "1:30" or "4h"; None of nothing. Raises BadSpan."""
    words = words.strip()
    if not words or words in ("-", "–"):
        return None
    if clock := _CLOCK.fullmatch(words):
        return int(clock[1]) * _HOUR + int(clock[2])
    parts = _PARTS.fullmatch(words)
    if parts is None or not (parts[1] or parts[2]):
        raise BadSpan(f"{words!r} is no span of time such as 90 min, 4 h or 1 h 30 min.")
    return int(parts[1] or 0) * _HOUR + int(parts[2] or 0)
