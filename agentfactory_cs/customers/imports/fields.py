"""How one cell of a file becomes a value: pure functions, each raising ValueError in words a person can act on."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import models

# A year outside these is a slip of the finger (0024-10-16), not a date of business.
EARLIEST_YEAR, LATEST_YEAR = 1970, 2100

# What PostgreSQL's integer holds.
LARGEST_COUNT = 2_147_483_647

KEEP: Final = object()

_UTC = ZoneInfo("UTC")


@dataclass(frozen=True)
class Manner:
    """How a file writes things: its dates, its decimals, the zone of its times of day."""

    date_format: str = ""
    decimal_comma: bool = False
    zone: ZoneInfo = _UTC


Parse = Callable[[str, Manner], Any]


@dataclass(frozen=True)
class Field:
    """One thing a file can say about a record.

    `key`: names the record, so every row must have it. `needed`: a new record cannot do without it. `refers`: the
    value names another record, looked up a batch at a time. `empty` is what an empty cell sets when the mapping says
    `clear_empty`; KEEP leaves the stored value.
    """

    name: str
    parse: Parse
    help: str
    key: bool = False
    needed: bool = False
    refers: str = ""
    empty: Any = KEEP
    aliases: tuple[str, ...] = ()


def text(cell: str, manner: Manner) -> str:
    return cell


def upper(cell: str, manner: Manner) -> str:
    return cell.upper()


def words(cell: str, manner: Manner) -> tuple[str, ...]:
    """Several words separated by semicolons, each once, in order."""
    return tuple(dict.fromkeys(word for part in cell.split(";") if (word := part.strip())))


def whole(cell: str, manner: Manner) -> int:
    """A whole number from 0; `12.0`, as spreadsheets write it, is 12."""
    if cell.isascii() and cell.isdigit():
        number = int(cell)
    else:
        exact = decimal(cell, manner)
        number = int(exact)
        if number != exact:
            raise ValueError("is not a whole number")
    if number < 0:
        raise ValueError("must not be negative")
    if number > LARGEST_COUNT:
        raise ValueError(f"is more than {LARGEST_COUNT}")
    return number


# Before the decimal point, as money columns hold them (customers/models/fields.py); beyond some thirty digits
# Python's arithmetic refuses to round.
MONEY_DIGITS = 12


def decimal(cell: str, manner: Manner) -> Decimal:
    plain = cell
    if manner.decimal_comma:
        if "." in cell:
            raise ValueError("has a point, but the mapping says that decimals are written with a comma")
        plain = cell.replace(",", ".")
    try:
        number = Decimal(plain)
    except InvalidOperation:
        raise ValueError(f"is not a number{_comma_hint(cell, manner)}") from None
    if not number.is_finite() or number.adjusted() > 30:
        raise ValueError("is not a number of this world")
    return number


def _comma_hint(cell: str, manner: Manner) -> str:
    if "," in cell and not manner.decimal_comma:
        return "; no thousands separators, and decimal_comma: true in the mapping where decimals have a comma"
    return ""


def money(cell: str, manner: Manner) -> Decimal:
    number = decimal(cell, manner)
    if number.adjusted() >= MONEY_DIGITS:
        raise ValueError("is too large for an amount of money")
    if number != round(number, 2):
        raise ValueError("has more than two decimals")
    return number


def number(cell: str, manner: Manner) -> float:
    return float(decimal(cell, manner))


def day(cell: str, manner: Manner) -> date:
    return _day(cell, manner.date_format)


@lru_cache(maxsize=10_000)
def _day(cell: str, date_format: str) -> date:
    try:
        parsed = _parsed(cell, date_format).date() if date_format else date.fromisoformat(cell)
    except ValueError:
        raise ValueError(f"is not a date {_shape(date_format)}") from None
    return _of_this_age(parsed)


def _shape(date_format: str) -> str:
    if date_format:
        return f"of the form {date_format}"
    return "such as 2026-01-31; name another form with date_format in the mapping"


def _of_this_age(parsed: date) -> date:
    if not EARLIEST_YEAR <= parsed.year <= LATEST_YEAR:
        raise ValueError(f"has a year outside {EARLIEST_YEAR} to {LATEST_YEAR}")
    return parsed


def moment(cell: str, manner: Manner) -> datetime:
    """A date (its midnight in UTC) or a date with a time of day (in the mapping's zone unless it names one)."""
    parsed = _by_format(cell, manner) if manner.date_format else _by_iso(cell, manner)
    _of_this_age(parsed)
    return parsed.astimezone(UTC)


def _by_format(cell: str, manner: Manner) -> datetime:
    try:
        parsed = _parsed(cell, manner.date_format)
    except ValueError:
        raise ValueError(f"is not a moment {_shape(manner.date_format)}") from None
    has_time = "%H" in manner.date_format or "%I" in manner.date_format
    return _in_zone(parsed, manner.zone if has_time else _UTC)


def _by_iso(cell: str, manner: Manner) -> datetime:
    try:
        parsed = datetime.fromisoformat(cell)
    except ValueError:
        raise ValueError(f"is not a moment {_shape('')}") from None
    is_date = len(cell) <= 10
    return _in_zone(parsed, _UTC if is_date else manner.zone)


def _parsed(cell: str, date_format: str) -> datetime:
    return datetime.strptime(cell, date_format)  # noqa: DTZ007 - the caller knows the zone


def _in_zone(parsed: datetime, zone: ZoneInfo) -> datetime:
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)


_YES_AND_NO = {"true": True, "yes": True, "y": True, "1": True, "false": False, "no": False, "n": False, "0": False}


def yes_or_no(cell: str, manner: Manner) -> bool:
    try:
        return _YES_AND_NO[cell.lower()]
    except KeyError:
        raise ValueError("is neither yes nor no") from None


_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+$")


def email(cell: str, manner: Manner) -> str:
    if not _EMAIL.match(cell):
        raise ValueError("is not an e-mail address")
    return cell


def one_of(choices: type[models.TextChoices]) -> Parse:
    """One of the choices, by its value or by its label, in any case."""
    known = {label.lower(): value for value, label in choices.choices}
    known |= {value.lower(): value for value in choices.values}

    def parse(cell: str, manner: Manner) -> str:
        try:
            return known[cell.lower()]
        except KeyError:
            raise ValueError(f"is none of {', '.join(choices.values)}") from None

    return parse


def named(fields: Iterable[Field]) -> dict[str, Field]:
    return {field.name: field for field in fields}
