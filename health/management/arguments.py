"""What several commands take on their line."""

from argparse import ArgumentTypeError
from datetime import date


def day_of(text: str) -> date:
    """A day as people write it to a command: 2026-03-31."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a day; write it as 2026-03-31.") from None
