"""Usage, taken in as sets: one statement stores thousands of rows.

A sound request costs one query and the upsert, however many rows it has. What is wrong is looked for over whole
columns; only where that shows that something is, are rows looked at one by one.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import compress
from typing import Annotated, Any

import msgspec
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from msgspec import Meta, Struct

from ..days import utc_day
from ..models import Feature

OLDEST = timedelta(days=5 * 366)

Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]
CustomerId = Annotated[int, Meta(ge=1, le=2**63 - 1)]
ExternalId = Annotated[str, Meta(min_length=1, max_length=100)]


class UsageRow(Struct, forbid_unknown_fields=True, gc=False):
    """One customer's use on one day (UTC). The row is the whole day: a count left out is zero."""

    day: date
    customer: CustomerId | None = None
    customer_external_id: ExternalId | None = None
    api_calls: Count = 0
    active_agents: Count = 0
    conversations: Count = 0
    logins: Count = 0
    active_users: Count = 0
    community_posts: Count = 0
    features: Annotated[list[str], Meta(max_length=100)] = []


@dataclass(frozen=True, slots=True)
class RowError:
    """Why one row was not taken; `index` counts the rows of the request from 0."""

    index: int
    field: str
    reason: str
    code: str = "invalid"


@dataclass(frozen=True)
class Ingested:
    """What became of a request: how many rows were stored, and the first error of each that was not."""

    accepted: int
    errors: list[RowError] = field(default_factory=list)


def ingest_usage(rows: Sequence[UsageRow | RowError], *, partial: bool = False, now: datetime) -> Ingested:
    """Store usage rows; each replaces what was stored for its customer and day.

    In the place of a row that could not even be read stands its error. Where any row is wrong nothing is stored,
    or with `partial` the others are.
    """
    today = utc_day(now)
    bits = {name: 1 << bit for name, bit in Feature.objects.values_list("name", "bit")}
    read = [row for row in rows if isinstance(row, UsageRow)]
    columns = _Columns.of(read, bits)
    if len(read) == len(rows) and columns.are_sound(today) and columns.store():
        return Ingested(len(rows))
    return _sort_out(rows, columns, bits, today, partial=partial)


@transaction.atomic
def _sort_out(
    rows: Sequence[UsageRow | RowError], columns: "_Columns", bits: dict[str, int], today: date, *, partial: bool
) -> Ingested:
    """The slow way: look at every row, then store the good ones if that is wanted."""
    columns = columns.by_our_id()
    errors = list(_errors(rows, columns.ours, bits, today))
    if errors and not partial:
        return Ingested(0, errors)
    wrong = {error.index for error in errors}
    columns = columns.where([i not in wrong for i, row in enumerate(rows) if isinstance(row, UsageRow)])
    if not columns.store():
        raise ValidationError("A customer was deleted at this very moment; send the rows again.", code="conflict")
    return Ingested(len(columns.days), errors)


def array_literal(values: Sequence[object]) -> str:
    """PostgreSQL's own notation for an array of numbers, days or plain text.

    It is JSON but for the brackets, so msgspec writes it, ten times as fast as join(map(str, …)). psycopg2 would
    write an ARRAY[…] expression, which PostgreSQL takes twice as long to read. Text must hold nothing to escape.
    """
    return "{" + msgspec.json.encode(values)[1:-1].decode() + "}"


# Joined with the customers as it is stored: asking for their ids first takes 4 ms more of 5 000 rows' 60. Sorted, so
# that two requests over the same rows take their locks in the same order.
_UPSERT = """
INSERT INTO customers_usageday
       (customer_id, day, features, api_calls, active_agents, conversations, logins, active_users, community_posts)
SELECT customer.id, day, features, api_calls, active_agents, conversations, logins, active_users, community_posts
FROM unnest(
       %s::{type}[], %s::date[], %s::bigint[], %s::int[], %s::int[], %s::int[], %s::int[], %s::int[], %s::int[]
) AS sent
       (name, day, features, api_calls, active_agents, conversations, logins, active_users, community_posts)
JOIN customers_customer AS customer ON customer.{column} = sent.name
ORDER BY 1, 2
ON CONFLICT (customer_id, day) DO UPDATE SET
       features = EXCLUDED.features,
       api_calls = EXCLUDED.api_calls,
       active_agents = EXCLUDED.active_agents,
       conversations = EXCLUDED.conversations,
       logins = EXCLUDED.logins,
       active_users = EXCLUDED.active_users,
       community_posts = EXCLUDED.community_posts
"""

# Our ids in the order asked for, with NULL where there is no such customer.
_FIND = """
SELECT array_agg(coalesce(by_our_id.id, by_their_id.id) ORDER BY place)
FROM unnest(%s::bigint[], %s::text[]) WITH ORDINALITY AS sent (ours, theirs, place)
LEFT JOIN customers_customer AS by_our_id ON by_our_id.id = sent.ours
LEFT JOIN customers_customer AS by_their_id ON by_their_id.external_id = sent.theirs
"""


class _Incomplete(Exception):
    """Some row's customer is not there: undo the rows that were stored."""


@dataclass(frozen=True)
class _Columns:
    """Rows turned on their side, as the database takes them; None where a row names nothing that is known."""

    ours: list[int | None]
    theirs: list[str | None]
    days: list[date]
    features: list[int | None]
    counts: list[list[int]]

    @classmethod
    def of(cls, rows: Sequence[UsageRow], bits: dict[str, int]) -> "_Columns":
        return cls(
            ours=[row.customer for row in rows],
            theirs=_plain([row.customer_external_id for row in rows]),
            days=[row.day for row in rows],
            features=[_bit_set(row.features, bits) for row in rows],
            # One comprehension a column: several times as fast as a row at a time.
            counts=[
                [row.api_calls for row in rows],
                [row.active_agents for row in rows],
                [row.conversations for row in rows],
                [row.logins for row in rows],
                [row.active_users for row in rows],
                [row.community_posts for row in rows],
            ],
        )

    @property
    def names(self) -> Sequence[int | str | None]:
        """What the rows call their customers; None for all where some use our ids and others the platform's."""
        if not any(self.ours):
            return self.theirs
        return [None] * len(self.days) if any(self.theirs) else self.ours

    def are_sound(self, today: date) -> bool:
        """Whether only a customer that is not there can still be wrong."""
        if not self.days:
            return True
        names, first, last = self.names, min(self.days), max(self.days)
        places = set(names) if first == last else set(zip(names, self.days, strict=True))
        return (
            None not in names
            and None not in self.features
            and today - OLDEST <= first
            and last <= today
            and len(places) == len(self.days)
        )

    def store(self) -> bool:
        """False, and nothing is stored, where a row's customer is not there."""
        if not self.days:
            return True
        type_, column = ("bigint", "id") if any(self.ours) else ("text", "external_id")
        columns: tuple[Sequence[object], ...] = (self.names, self.days, self.features, *self.counts)
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(_UPSERT.format(type=type_, column=column), list(map(array_literal, columns)))
                if cursor.rowcount < len(self.days):
                    raise _Incomplete
        except _Incomplete:
            return False
        return True

    def by_our_id(self) -> "_Columns":
        """All customers by our id, None where there is none of that name."""
        if not self.days:
            return self
        with connection.cursor() as cursor:
            cursor.execute(_FIND, [array_literal(self.ours), array_literal(self.theirs)])
            ours = cursor.fetchone()[0]
        return replace(self, ours=ours, theirs=[None] * len(ours))

    def where(self, wanted: list[bool]) -> "_Columns":
        def kept(column: list[Any]) -> list[Any]:
            return list(compress(column, wanted))

        counts = [kept(column) for column in self.counts]
        return _Columns(kept(self.ours), kept(self.theirs), kept(self.days), kept(self.features), counts)


_is_plain = re.compile(r"[A-Za-z0-9._:@-]*").fullmatch


def _plain(names: list[str | None]) -> list[str | None]:
    """Without names that cannot be external ids: they might hold something to escape."""
    if _is_plain("".join(filter(None, names))):
        return names
    return [name if name and _is_plain(name) else None for name in names]


def _bit_set(names: list[str], bits: dict[str, int]) -> int | None:
    features = 0
    for name in names:
        if name not in bits:
            return None
        features |= bits[name]
    return features


def _errors(
    rows: Sequence[UsageRow | RowError], customers: Sequence[int | None], bits: dict[str, int], today: date
) -> Iterator[RowError]:
    """The first error of every row that has one; `customers` are those of the rows that could be read."""
    found = iter(customers)
    seen: dict[tuple[int | None, date], int] = {}
    for index, row in enumerate(rows):
        if isinstance(row, RowError):
            yield row
            continue
        customer = next(found)
        problem = _name_problem(row, customer) or _value_problem(row, bits, today)
        if problem is None and (first := seen.setdefault((customer, row.day), index)) != index:
            problem = ("day", f"Row {first} is about the same customer and day.", "unique")
        if problem:
            yield RowError(index, *problem)


Problem = tuple[str, str, str]


def _name_problem(row: UsageRow, customer: int | None) -> Problem | None:
    match row.customer, row.customer_external_id:
        case None, None:
            return "customer", "Name the customer: customer or customer_external_id.", "required"
        case int(), str():
            return "customer", "Give customer or customer_external_id, not both.", "invalid"
        case None, name if customer is None:
            return "customer_external_id", f"There is no customer {name}.", "does_not_exist"
        case number, None if customer is None:
            return "customer", f"There is no customer {number}.", "does_not_exist"
    return None


def _value_problem(row: UsageRow, bits: dict[str, int], today: date) -> Problem | None:
    if row.day > today:
        return "day", f"{row.day} lies in the future (days are in UTC).", "invalid"
    if row.day < today - OLDEST:
        return "day", f"{row.day} lies before {today - OLDEST}, the oldest day taken.", "invalid"
    if unknown := [name for name in row.features if name not in bits]:
        return "features", f"There is no feature {unknown[0]}.", "does_not_exist"
    return None
