"""What django-import-export asks of an import, answered by the kinds of `imports`."""

import io
from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils import timezone
from import_export.formats.base_formats import Format
from import_export.resources import Resource
from import_export.results import Result

from .imports import (
    ImportRefused,
    Kind,
    Mapping,
    Report,
    Source,
    make_plan,
    read_mapping,
    run_import,
    short_name,
    suggest,
)

KEPT_FOR_THE_PAGE = 100


class CsvUpload(Format):
    """CSV as uploaded: bytes, for `imports` finds out encoding, delimiter and line numbers itself."""

    def __init__(self, encoding: str | None = None) -> None:
        self.encoding = encoding

    def get_title(self) -> str:
        return "CSV"

    def is_binary(self) -> bool:
        return True

    def get_read_mode(self) -> str:
        return "rb"

    def can_import(self) -> bool:
        return True

    def create_dataset(self, data: bytes | None) -> "Upload":
        return Upload(data)


@dataclass(frozen=True)
class Upload:
    """The bytes of a file; None where they are no longer kept. Always true: an empty file is told of like any other."""

    data: bytes | None


@dataclass(frozen=True)
class Column:
    """One column of the file, for the page on which a person matches it with a field."""

    name: str
    field: str
    examples: list[str]


class ImportedFile(Result):
    """What came of a file: `refused` says why nothing could be read, otherwise `report` tells of the rows.

    Errors in rows are no reason to stop: the good rows are kept, so neither of import-export's brakes is pulled.
    """

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self.kind = kind
        self.refused = ""
        self.columns: list[Column] = []
        self.report: Report | None = None
        self.problems = io.StringIO()
        self.rejected = io.StringIO()

    def has_errors(self) -> bool:
        return False

    def has_validation_errors(self) -> bool:
        return False

    @property
    def fields(self) -> list[tuple[str, str]]:
        """Name and what it means, to choose from."""
        return [(field.name, field.help) for field in self.kind.fields]

    @property
    def shown_fields(self) -> list[str]:
        """The fields that the preview has columns for."""
        return [column.field for column in self.columns if column.field]

    def preview(self) -> list[dict[str, Any]]:
        """The first rows with their fate and, for each shown field, (before, after, changed)."""
        rows = self.report.sample[:20] if self.report else []
        return [{"line": row.record.line, "fate": row.fate, "cells": self._cells(row)} for row in rows]

    def _cells(self, row: Any) -> list[tuple[str, str, bool]]:
        cells = []
        for name in self.shown_fields:
            before = row.changes.get(name, ("",))[0]
            cells.append(("" if before is None else str(before), row.cell(name), name in row.changes))
        return cells

    def told(self) -> dict[str, Any]:
        """Everything that the page after the import shows, as plain values."""
        files = {"report": self.problems.getvalue(), "rejected": self.rejected.getvalue()}
        report = self.report
        return {
            "refused": self.refused,
            "label": self.kind.label,
            "outcome": vars(report.outcome) if report else {},
            "sentence": report.outcome.sentence() if report else "",
            "problems": [(line, vars_of(problem)) for line, problem in report.kept] if report else [],
            "files": {name: text for name, text in files.items() if text},
        }


def vars_of(problem: Any) -> dict[str, str]:
    return {name: getattr(problem, name) for name in ("severity", "column", "value", "reason")}


class KindResource(Resource):
    """import-export's Resource whose import is that of a kind; `resource_for` makes one for each."""

    kind: ClassVar[Kind]

    @classmethod
    def get_display_name(cls) -> str:
        return cls.kind.label.capitalize()

    def get_user_visible_fields(self) -> list[Any]:
        return []

    def import_data(
        self,
        dataset: Upload,
        dry_run: bool = False,
        user: Any = None,
        mapping_text: str = "",
        columns: list[list[str]] | None = None,
        **kwargs: Any,
    ) -> ImportedFile:
        result = ImportedFile(self.kind)
        try:
            self._import(result, dataset.data, dry_run, user, mapping_text, columns)
        except ImportRefused as refused:
            result.refused = str(refused)
        return result

    def _import(
        self,
        result: ImportedFile,
        data: bytes | None,
        dry_run: bool,
        user: Any,
        mapping_text: str,
        columns: list[list[str]] | None,
    ) -> None:
        if data is None:
            raise ImportRefused("The uploaded file is no longer here; upload it again.")
        mapping = read_mapping(mapping_text)
        self._refuse_too_long(data)
        source = Source(io.BytesIO(data), name="The file", encoding=mapping.encoding, delimiter=mapping.delimiter)
        mapping = self._matched(mapping, source.header, columns)
        result.columns = _columns(source.header, mapping, self.kind, data)
        result.report = run_import(
            self.kind,
            source,
            mapping,
            by=user,
            now=timezone.now(),
            dry_run=dry_run,
            problems=result.problems,
            rejected=result.rejected,
            keep=KEPT_FOR_THE_PAGE,
        )

    def _refuse_too_long(self, data: bytes) -> None:
        most = self.kind.max_rows_in_console
        if data.count(b"\n") > most + 1:
            raise ImportRefused(
                f"The file has more than {most} lines, too many for this page. "
                f"Import it with: manage.py import_csv {short_name(self.kind)} FILE"
            )

    def _matched(self, mapping: Mapping, header: list[str], columns: list[list[str]] | None) -> Mapping:
        """The mapping with the columns a person matched; before that, with those that look like a field."""
        if columns is not None:
            pairs = [f"{column}={field}" for column, field in columns if field]
            return mapping.only_columns(pairs)
        if mapping.columns:
            return mapping
        pairs = [f"{column}={field}" for column, field in suggest(self.kind, header).items()]
        return mapping.with_columns(pairs).ignoring("*")


def _columns(header: list[str], mapping: Mapping, kind: Kind, data: bytes) -> list[Column]:
    examples, bound = _examples(data, mapping), _bound(header, mapping, kind)
    return [
        Column(name, bound.get(name, ""), [row[index] for row in examples if index < len(row)])
        for index, name in enumerate(header)
    ]


def _bound(header: list[str], mapping: Mapping, kind: Kind) -> dict[str, str]:
    """Column → field as far as matched, also where that is not enough for an import yet."""
    try:
        return {binding.column: binding.field.name for binding in make_plan(kind, header, mapping).bindings}
    except ImportRefused:
        return {column: fields[0] for column, fields in mapping.columns.items()}


def _examples(data: bytes, mapping: Mapping) -> list[list[str]]:
    source = Source(io.BytesIO(data), name="The file", encoding=mapping.encoding, delimiter=mapping.delimiter)
    records = source.records()
    return [record.cells for record, _ in zip(records, range(2), strict=False)]


def resource_for(kind: Kind) -> type[KindResource]:
    return type(f"{short_name(kind).title()}Resource", (KindResource,), {"kind": kind})
