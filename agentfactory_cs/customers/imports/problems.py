"""What can be wrong: with a whole import, or with one row of it."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


class ImportRefused(Exception):
    """Nothing could be read: the file, the mapping or the kind is wrong. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about one row: the column and value it concerns (empty: the row as a whole) and the reason.

    An `error` keeps the row out; a `warning` only tells.
    """

    column: str
    value: str
    reason: str
    severity: Severity = "error"
