"""Daily usage: streamed into a temporary table by COPY, then taken over in sets (usage_intake.py).

A file of any length needs the same memory: rows and problems wait in the database, not here.
"""

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from agentfactory_cs.events.services import Actor

from .. import services
from ..days import utc_day
from ..models import Feature, UsageDay
from . import fields, usage_intake
from .account_kinds import NAMES_OWNER, OWNER
from .fields import Field
from .kinds import Progress, kinds
from .mapping import Plan
from .problems import Problem
from .report import Report
from .rows import Row, read_row
from .source import Source

BATCH_ROWS = 5_000
LONGEST_ROW_ID = 100

COUNTS = ("api_calls", "active_agents", "conversations", "logins", "active_users", "community_posts")


class UsageKind:
    """Usage, a row or many a customer and day.

    With a `row_id` column rows are increments: they add to what is stored, and each id counts once. Without it a file
    tells the whole of each customer's day as far as it has columns, and replaces what was stored.
    """

    key = "customers.usage"
    label = "usage"
    thing = "usage days"
    model = UsageDay
    one_of = (NAMES_OWNER[0], (*COUNTS, "features"))
    max_rows_in_console = 200_000
    fields = (
        *OWNER,
        Field("day", fields.day, "The day (UTC).", key=True, aliases=("date", "usage_date", "used_on")),
        Field("api_calls", fields.whole, "API calls.", aliases=("calls", "requests", "usage_count")),
        Field("active_agents", fields.whole, "Active agents.", aliases=("agents",)),
        Field("conversations", fields.whole, "Conversations.", aliases=("chats",)),
        Field("logins", fields.whole, "Logins.", aliases=("sign_ins", "sessions")),
        Field("active_users", fields.whole, "Active users.", aliases=("users",)),
        Field("community_posts", fields.whole, "Posts in the community.", aliases=("posts",)),
        Field(
            "features",
            fields.words,
            "Features used, from the catalogue, separated by semicolons.",
            aliases=("feature", "feature_name"),
        ),
        Field("row_id", fields.text, "Unique id of the row.", aliases=("id", "usage_id", "event_id", "uuid")),
    )

    def load(self, source: Source, plan: Plan, report: Report, *, by: Actor, now: datetime, progress: Progress) -> None:
        """Everything in one transaction: a file that breaks off half-way leaves nothing behind."""
        with transaction.atomic():
            usage_intake.prepare()
            stage = _Stage(plan, now)
            records = source.records()
            while stage.copy(islice(records, BATCH_ROWS)):
                progress(source.position)
            report.outcome.rows = stage.rows
            columns = [name for name in (*COUNTS, "features") if plan.has(name)]
            usage_intake.take_over(
                columns,
                adds_up=plan.has("row_id"),
                today=utc_day(now),
                named={name: plan.column_of(name) for name in ("customer", "subscription", "day", "row_id")},
                outcome=report.outcome,
            )
            for line, raw, problems in usage_intake.problems():
                report.tell(line, raw, problems)
            usage_intake.clear()


class _Stage:
    """Reads rows and copies them, and what is wrong with them, into the temporary tables."""

    def __init__(self, plan: Plan, now: datetime) -> None:
        self.rows = 0
        self._plan = plan
        self._today = utc_day(now)
        self._features = _FeatureBits(plan.mapping.new_features)
        self._adds_up = plan.has("row_id")

    def copy(self, records: Iterator[Any]) -> int:
        """Copy some rows; how many there were."""
        rows_text, problems_text, count = io.StringIO(), io.StringIO(), 0
        write_row, write_problem = csv.writer(rows_text).writerow, csv.writer(problems_text).writerow
        for record in records:
            row = read_row(record, self._plan)
            bits = self._check(row)
            write_row(self._columns(row, bits))
            for problem in row.problems:
                write_problem(_problem_columns(record.line, problem))
            count += 1
        self.rows += count
        if count:
            usage_intake.copy_rows(rows_text)
            usage_intake.copy_problems(problems_text)
        return count

    def _check(self, row: Row) -> int:
        """Reject what can be seen from the row alone; the bits of its features."""
        values = row.values
        if (day := values.get("day")) and day > self._today:
            row.reject("day", f"{day} lies in the future")
        if not (row.get("customer") or row.get("subscription")) and not row.rejected:
            row.reject("", "The row names no customer.")
        if self._adds_up and not row.rejected and not 0 < len(values.get("row_id", "")) <= LONGEST_ROW_ID:
            row.reject("row_id", f"every row needs an id of 1 to {LONGEST_ROW_ID} characters, for the column is there")
        try:
            return self._features.bits_of(row.get("features") or ())
        except LookupError as error:
            row.reject("features", str(error.args[0]))
            return 0

    def _columns(self, row: Row, bits: int) -> tuple[Any, ...]:
        record = row.record
        raw = _storable(record.raw)
        if row.rejected:
            return (record.line, False, None, None, None, *(0,) * len(COUNTS), 0, None, raw)
        counts = (row.get(name) or 0 for name in COUNTS)
        names = (row.get("customer"), row.get("subscription"), row.get("day"))
        return (record.line, True, *names, *counts, bits, row.get("row_id"), raw)


def _problem_columns(line: int, problem: Problem) -> tuple[Any, ...]:
    return (line, problem.severity, problem.column, _storable(problem.value), _storable(problem.reason))


def _storable(text: str) -> str:
    """What PostgreSQL can hold as text: NUL and undecodable bytes are spelled out."""
    if "\0" in text:
        text = text.replace("\0", "\\x00")
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


class _FeatureBits:
    """The catalogue's bits by name. With a tier for new ones, an unknown name is added to the catalogue."""

    def __init__(self, tier_of_new: str) -> None:
        self._tier = tier_of_new
        self._bits = {feature.name.casefold(): feature.bit for feature in Feature.objects.all()}
        self._seen: dict[tuple[str, ...], int] = {}
        self._refused: dict[str, str] = {}

    def bits_of(self, names: tuple[str, ...]) -> int:
        """LookupError says why a name cannot be taken."""
        if names not in self._seen:
            if len(self._seen) > 100_000:  # a file of ever new combinations must not fill the memory
                self._seen.clear()
            bits = 0
            for name in names:
                bits |= 1 << self._bit(name)
            self._seen[names] = bits
        return self._seen[names]

    def _bit(self, name: str) -> int:
        if name.casefold() not in self._bits:
            self._bits[name.casefold()] = self._add(name)
        return self._bits[name.casefold()]

    def _add(self, name: str) -> int:
        if not self._tier:
            raise LookupError(
                f"{name!r} is not in the feature catalogue; add it there, or set new_features in the mapping"
            )
        try:
            return int(services.add_feature(name=name, tier=self._tier).bit)
        except ValidationError as error:
            raise LookupError(f"{name!r} cannot join the feature catalogue: {' '.join(error.messages)}") from None


kinds.register(UsageKind())
