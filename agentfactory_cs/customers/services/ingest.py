"""Usage, taken in as sets: one statement stores thousands of rows.

A request costs two or three queries and the upsert, however many rows it has. What is wrong is looked for over whole
columns; only where a column shows that something is, are rows looked at one by one.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import compress
from typing import Annotated, Any

import msgspec
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


@transaction.atomic
def ingest_usage(rows: Sequence[UsageRow | RowError], *, partial: bool = False, now: datetime) -> Ingested:
    """Store usage rows; each replaces what was stored for its customer and day.

    In the place of a row that could not even be read stands its error. Where any row is wrong nothing is stored,
    or with `partial` the others are.
    """
    today = utc_day(now)
    read = [row for row in rows if isinstance(row, UsageRow)]
    bits = {name: 1 << bit for name, bit in Feature.objects.values_list("name", "bit")}
    columns = _Columns.of(read, bits)
    errors: list[RowError] = []
    if len(read) < len(rows) or not columns.are_sound(today):
        errors = list(_errors(rows, columns.customers, bits, today))
        wrong = {error.index for error in errors}
        columns = columns.where([i not in wrong for i, row in enumerate(rows) if isinstance(row, UsageRow)])
    if errors and not partial:
        return Ingested(0, errors)
    columns.store()
    return Ingested(len(columns.days), errors)


def array_literal(values: Sequence[object]) -> str:
    """PostgreSQL's own notation for an array of numbers, days or plain text.

    It is JSON but for the brackets, so msgspec writes it, ten times as fast as join(map(str, …)). psycopg2 would
    write an ARRAY[…] expression, which PostgreSQL takes twice as long to read. Text must hold nothing to escape.
    """
    return "{" + msgspec.json.encode(values)[1:-1].decode() + "}"


# In the order asked for, with NULL where there is no such customer.
_FIND = """
SELECT array_agg(customer.id ORDER BY place)
FROM unnest(%s::{type}[]) WITH ORDINALITY AS named (id, place)
LEFT JOIN customers_customer AS customer ON customer.{column} = named.id
"""
_FIND_BY_OUR_ID = _FIND.format(type="bigint", column="id")
_FIND_BY_EXTERNAL_ID = _FIND.format(type="text", column="external_id")

# Sorted, so that two requests over the same rows take their locks in the same order.
_UPSERT = """
INSERT INTO customers_usageday
       (customer_id, day, features, api_calls, active_agents, conversations, logins, active_users, community_posts)
SELECT * FROM unnest(
       %s::bigint[], %s::date[], %s::bigint[], %s::int[], %s::int[], %s::int[], %s::int[], %s::int[], %s::int[])
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


@dataclass(frozen=True)
class _Columns:
    """Rows turned on their side, as the database takes them; None where a row names what is not known."""

    customers: list[int | None]
    days: list[date]
    features: list[int | None]
    counts: list[list[int]]
    named_twice: list[bool]

    @classmethod
    def of(cls, rows: Sequence[UsageRow], bits: dict[str, int]) -> "_Columns":
        return cls(
            customers=_find_customers(rows),
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
            named_twice=[row.customer is not None and row.customer_external_id is not None for row in rows],
        )

    def are_sound(self, today: date) -> bool:
        if not self.days:
            return True
        return (
            True not in self.named_twice
            and None not in self.customers
            and None not in self.features
            and today - OLDEST <= min(self.days)
            and max(self.days) <= today
            and len(set(zip(self.customers, self.days, strict=True))) == len(self.days)
        )

    def where(self, wanted: list[bool]) -> "_Columns":
        def kept(column: list[Any]) -> list[Any]:
            return list(compress(column, wanted))

        counts = [kept(column) for column in self.counts]
        return _Columns(kept(self.customers), kept(self.days), kept(self.features), counts, kept(self.named_twice))

    def store(self) -> None:
        if self.days:
            columns: tuple[Sequence[object], ...] = (self.customers, self.days, self.features, *self.counts)
            with connection.cursor() as cursor:
                cursor.execute(_UPSERT, [array_literal(column) for column in columns])


_is_plain = re.compile(r"[A-Za-z0-9._:@-]*").fullmatch


def _find_customers(rows: Sequence[UsageRow]) -> list[int | None]:
    """Our id of each row's customer, None where there is none of that name."""
    ours = [row.customer for row in rows]
    theirs: list[str | None] = [row.customer_external_id for row in rows]
    if not _is_plain("".join(filter(None, theirs))):
        # Anything else cannot be an external id, and might be something to escape.
        theirs = [name if name and _is_plain(name) else None for name in theirs]
    by_our_id, by_external_id = _find(_FIND_BY_OUR_ID, ours), _find(_FIND_BY_EXTERNAL_ID, theirs)
    if by_our_id and by_external_id:
        return [one or other for one, other in zip(by_our_id, by_external_id, strict=True)]
    return by_our_id or by_external_id or [None] * len(rows)


def _find(query: str, names: Sequence[object]) -> list[int | None] | None:
    """None where no row names its customer in this way, which saves a query in almost every request."""
    if not any(names):
        return None
    with connection.cursor() as cursor:
        cursor.execute(query, [array_literal(names)])
        found: list[int | None] = cursor.fetchone()[0]
    return found


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
