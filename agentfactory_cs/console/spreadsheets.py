"""Cells of files that people open in a spreadsheet. Pure."""

import re
from typing import Any

_PLAIN_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)*")
_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_text(value: Any) -> Any:
    """Kept from running as a formula; dates and moments in ISO 8601, nothing for None."""
    if value is None or isinstance(value, int | float):
        return value
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    runs = text.startswith(_STARTS_A_FORMULA) and not _PLAIN_NUMBER.fullmatch(text)
    return f"'{text}" if runs else text
