"""Loading the kinds whose rows are records: batch by batch, each row through the service of its kind."""

import copy
from collections.abc import Hashable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, ClassVar, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, transaction
from django.db.models import Model

from agentfactory_cs.events.services import Actor

from .fields import Field
from .kinds import Progress
from .mapping import Plan
from .references import resolve
from .report import Outcome, Report
from .rows import Row, read_row
from .source import Source

M = TypeVar("M", bound=Model)

BATCH_ROWS = 500

Claims = dict[Hashable, tuple[int, Hashable]]


class RecordKind(Generic[M]):
    """A kind whose rows are records of one model, written one by one through the services.

    A subclass says what identifies a record (`identify`), which of them are stored (`stored`, one query for a
    batch), and which service writes it (`save`).
    """

    key: ClassVar[str]
    label: ClassVar[str]
    thing: ClassVar[str]
    model: ClassVar[type[Model]]
    fields: ClassVar[tuple[Field, ...]]
    one_of: ClassVar[tuple[tuple[str, ...], ...]] = ()
    max_rows_in_console: ClassVar[int] = 2_000

    def identify(self, row: Row) -> Hashable:
        """The natural key, from values whose references are resolved."""
        raise NotImplementedError

    def stored(self, rows: Sequence[Row]) -> dict[Hashable, M]:
        """The records that these rows are about and that exist, by natural key."""
        raise NotImplementedError

    def save(self, record: M, row: Row, *, by: Actor, now: datetime) -> None:
        """Write one record, all or nothing, through its service; ValidationError where it is refused."""
        raise NotImplementedError

    def attributes(self, row: Row) -> dict[str, Any]:
        """The part of the row's values that are attributes of the model."""
        return row.values

    def claims(self, row: Row) -> Iterable[tuple[Hashable, Hashable]]:
        """What the row settles: two rows of one file must not settle the same thing in different ways."""
        said = tuple(sorted((name, repr(value)) for name, value in row.values.items()))
        return ((row.identity, said),)

    def check(self, row: Row, record: M | None) -> None:
        """Reject or warn about a row, seeing the stored record (None: it would be new)."""

    def changes(self, record: M, row: Row) -> dict[str, tuple[Any, Any]]:
        """Field → (stored, said) for everything the row would change."""
        said = self.attributes(row)
        return {
            name: (getattr(record, name), value) for name, value in said.items() if not _is_same(record, name, value)
        }

    def create(self, row: Row) -> M:
        return self.model(**{**row.fallbacks, **self.attributes(row)})  # type: ignore[return-value]

    def missing(self, row: Row) -> list[str]:
        """What a new record cannot do without and the row does not say."""
        return [field.name for field in self.fields if field.needed and row.get(field.name) is None]

    def settled(self, row: Row, record: M, stored: dict[Hashable, M]) -> None:
        """Called when a row was taken, written or not: for warnings, and to bring the batch's other records in line."""

    def load(self, source: Source, plan: Plan, report: Report, *, by: Actor, now: datetime, progress: Progress) -> None:
        """Write what is new or different. A batch is one transaction; a bad row costs itself only."""
        claims: Claims = {}
        for batch in _batches(source, plan):
            with transaction.atomic():
                _load_batch(self, batch, claims, report.outcome, by=by, now=now)
            for row in batch:
                report.take(row)
            progress(source.position)


def _is_same(record: Model, name: str, value: Any) -> bool:
    """Whether the record says so already; a related record is compared by key, without fetching it."""
    if isinstance(value, Model):
        return bool(getattr(record, f"{name}_id") == value.pk)
    return bool(getattr(record, name) == value)


def _batches(source: Source, plan: Plan) -> Iterator[list[Row]]:
    records = source.records()
    while batch := [read_row(record, plan) for record in islice(records, BATCH_ROWS)]:
        yield batch


def _load_batch(
    kind: RecordKind[Any], batch: list[Row], claims: Claims, outcome: Outcome, *, by: Actor, now: datetime
) -> None:
    readable = [row for row in batch if not row.rejected]
    resolve(readable, kind.fields)
    rows = [row for row in readable if not row.rejected]
    for row in rows:
        row.identity = kind.identify(row)
        _claim(kind, row, claims)
    rows = [row for row in rows if not row.rejected]
    stored = kind.stored(rows)
    for row in rows:
        _load_row(kind, row, stored, outcome, by=by, now=now)


def _claim(kind: RecordKind[Any], row: Row, claims: Claims) -> None:
    """The first row to settle a thing stands; else importing the file again would change it back and forth."""
    for thing, said in kind.claims(row):
        line, before = claims.setdefault(thing, (row.record.line, said))
        if before != said:
            row.reject("", f"Line {line} says otherwise of the same record; that line was taken.")
            return


def _load_row(
    kind: RecordKind[Any], row: Row, stored: dict[Hashable, Any], outcome: Outcome, *, by: Actor, now: datetime
) -> None:
    record = stored.get(row.identity)
    kind.check(row, record)
    if row.rejected:
        return
    draft = _new(kind, row) if record is None else _changed(kind, row, record)
    if row.rejected or (draft is not record and not _save(kind, draft, row, by=by, now=now)):
        return
    stored[row.identity] = draft
    row.fate = "created" if record is None else "updated" if row.changes else "unchanged"
    setattr(outcome, row.fate, getattr(outcome, row.fate) + 1)
    kind.settled(row, draft, stored)


def _new(kind: RecordKind[Any], row: Row) -> Any:
    missing = kind.missing(row)
    for name in missing:
        row.reject(name, f"a new record needs {name}")
    return None if missing else kind.create(row)


def _changed(kind: RecordKind[Any], row: Row, record: Any) -> Any:
    """The record itself where nothing changes; else a copy, for a refused change must not show in later rows."""
    row.changes = kind.changes(record, row)
    if not row.changes:
        return record
    draft = copy.copy(record)
    for name, value in kind.attributes(row).items():
        setattr(draft, name, value)
    return draft


def _save(kind: RecordKind[Any], record: Any, row: Row, *, by: Actor, now: datetime) -> bool:
    try:
        kind.save(record, row, by=by, now=now)
    except ValidationError as error:
        _tell_refusal(row, error)
    except (IntegrityError, DataError) as error:
        row.reject("", f"The database refuses the row: {str(error).splitlines()[0]}")
    return not row.rejected


def _tell_refusal(row: Row, error: ValidationError) -> None:
    by_field = error.message_dict if hasattr(error, "error_dict") else {"__all__": error.messages}
    for name, messages in by_field.items():
        row.reject("" if name == "__all__" else name, " ".join(messages))
