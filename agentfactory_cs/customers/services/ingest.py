"""Usage, taken in as sets: one statement stores thousands of rows.

A request costs two queries and the upsert, however many rows it has. What is wrong is looked for over whole
columns; only where a column shows that something is, are rows looked at one by one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Annotated, NamedTuple

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


class RowError(NamedTuple):
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
    good = [row for row in rows if isinstance(row, UsageRow)]
    known = _Known.to(good)
    columns = known.columns(good)
    errors: list[RowError] = []
    if len(good) < len(rows) or not columns.are_sound(today):
        errors = list(known.errors(rows, today))
        wrong = {error.index for error in errors}
        columns = known.columns([row for index, row in enumerate(rows) if index not in wrong])  # type: ignore[misc]
    if errors and not partial:
        return Ingested(0, errors)
    columns.store()
    return Ingested(len(columns.days), errors)


# Sorted, so that two requests over the same rows take their locks in the same order.
_UPSERT = """
INSERT INTO customers_usageday
       (customer_id, day, features, api_calls, active_agents, conversations, logins, active_users, community_posts)
SELECT * FROM unnest(%s::bigint[], %s::date[], %s::bigint[], %s::int[], %s::int[], %s::int[], %s::int[], %s::int[],
                     %s::int[])
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
    named_twice: bool

    def are_sound(self, today: date) -> bool:
        if not self.days:
            return True
        return (
            not self.named_twice
            and None not in self.customers
            and None not in self.features
            and today - OLDEST <= min(self.days)
            and max(self.days) <= today
            and len(set(zip(self.customers, self.days, strict=True))) == len(self.days)
        )

    def store(self) -> None:
        if self.days:
            columns = (self.customers, self.days, self.features, *self.counts)
            with connection.cursor() as cursor:
                # Array literals: psycopg2 would write ARRAY[…] expressions, which PostgreSQL parses at half the speed.
                cursor.execute(_UPSERT, ["{" + ",".join(map(str, column)) + "}" for column in columns])


@dataclass(frozen=True)
class _Known:
    """What rows may name: customers by either id (our ids are numbers, the platform's text), features by name."""

    customers: dict[int | str | None, int]
    bits: dict[str, int]

    @classmethod
    def to(cls, rows: Sequence[UsageRow]) -> "_Known":
        """Read in one query each."""
        ours = list({row.customer for row in rows if row.customer})
        # PostgreSQL refuses NUL in text; no external id has such characters anyway.
        theirs = [name for name in {row.customer_external_id for row in rows} if name and name.isprintable()]
        bits = {name: 1 << bit for name, bit in Feature.objects.values_list("name", "bit")}
        return cls(_customers(ours, theirs), bits)

    def columns(self, rows: Sequence[UsageRow]) -> _Columns:
        return _Columns(
            customers=[self.customers.get(row.customer or row.customer_external_id) for row in rows],
            days=[row.day for row in rows],
            features=[self._bit_set(row.features) for row in rows],
            counts=[
                [row.api_calls for row in rows],
                [row.active_agents for row in rows],
                [row.conversations for row in rows],
                [row.logins for row in rows],
                [row.active_users for row in rows],
                [row.community_posts for row in rows],
            ],
            named_twice=any(row.customer and row.customer_external_id for row in rows),
        )

    def _bit_set(self, names: list[str]) -> int | None:
        bits = 0
        for name in names:
            if name not in self.bits:
                return None
            bits |= self.bits[name]
        return bits

    def errors(self, rows: Sequence[UsageRow | RowError], today: date) -> Iterator[RowError]:
        """The first error of every row that has one."""
        seen: dict[tuple[int, date], int] = {}
        for index, row in enumerate(rows):
            error = row if isinstance(row, RowError) else self._error(index, row, today)
            if error is None and isinstance(row, UsageRow):
                error = self._repeat(index, row, seen)
            if error:
                yield error

    def _error(self, index: int, row: UsageRow, today: date) -> RowError | None:
        if row.customer and row.customer_external_id:
            return RowError(index, "customer", "Give customer or customer_external_id, not both.")
        named = "customer_external_id" if row.customer_external_id else "customer"
        if row.customer is None and row.customer_external_id is None:
            return RowError(index, named, "Name the customer: customer or customer_external_id.", "required")
        if (row.customer or row.customer_external_id) not in self.customers:
            return RowError(index, named, f"There is no customer {getattr(row, named)}.", "does_not_exist")
        if row.day > today:
            return RowError(index, "day", f"{row.day} lies in the future (days are in UTC).")
        if row.day < today - OLDEST:
            return RowError(index, "day", f"{row.day} lies before {today - OLDEST}, the oldest day taken.")
        if unknown := [name for name in row.features if name not in self.bits]:
            return RowError(index, "features", f"There is no feature {unknown[0]}.", "does_not_exist")
        return None

    def _repeat(self, index: int, row: UsageRow, seen: dict[tuple[int, date], int]) -> RowError | None:
        customer = self.customers[row.customer or row.customer_external_id]
        first = seen.setdefault((customer, row.day), index)
        if first == index:
            return None
        return RowError(index, "day", f"Row {first} is about the same customer and day.", "unique")


def _customers(ours: list[int], theirs: list[str]) -> dict[int | str | None, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, external_id FROM customers_customer WHERE id = ANY(%s::bigint[]) OR external_id = ANY(%s)",
            ["{" + ",".join(map(str, ours)) + "}", theirs],
        )
        found = cursor.fetchall()
    by_our_id: dict[int | str | None, int] = {id: id for id, _ in found}
    return by_our_id | {external_id: id for id, external_id in found if external_id}
