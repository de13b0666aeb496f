"""What came of an import: counts, a report of every problem, and the rejected rows ready to be mended."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TextIO

from agentfactory_cs.console.spreadsheets import as_text

from .problems import Problem
from .rows import Row

REPORT_COLUMNS = ("line", "severity", "column", "value", "reason", "row")


@dataclass
class Outcome:
    """How many rows met which fate, and how many things (customers, usage days …) were written."""

    thing: str
    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    warnings: int = 0
    repeated: int = 0
    dry_run: bool = False

    def sentence(self) -> str:
        """`5 000 subscriptions created, 3 updated, 0 unchanged; 12 rows rejected, 4 warnings.`"""
        written = f"{self.created} {self.thing} created, {self.updated} updated, {self.unchanged} unchanged"
        repeats = f"; {self.repeated} rows were counted before" if self.repeated else ""
        prefix = "Nothing was written; this is what would be: " if self.dry_run else ""
        return f"{prefix}{self.rows} rows: {written}{repeats}; {self.rejected} rows rejected, {self.warnings} warnings."


@dataclass
class Report:
    """Takes the problems as they are found, in the order of the file.

    `problems` receives one line a problem, `rejected` the header and the text of each row kept out, so that it can
    be mended and imported again. The first `keep` errors, warnings and rows stay at hand for a page to show.
    """

    outcome: Outcome
    problems: TextIO | None = None
    rejected: TextIO | None = None
    header_text: str = ""
    keep: int = 0
    errors: list[tuple[int, Problem]] = field(default_factory=list)
    warnings: list[tuple[int, Problem]] = field(default_factory=list)
    sample: list[Row] = field(default_factory=list)
    _begun: bool = False

    def take(self, row: Row) -> None:
        """Count one row that has met its fate, and tell of its problems."""
        self.outcome.rows += 1
        if len(self.sample) < self.keep:
            self.sample.append(row)
        self.tell(row.record.line, row.record.raw, row.problems)

    @property
    def kept(self) -> list[tuple[int, Problem]]:
        """The first problems, errors before warnings."""
        return (self.errors + self.warnings)[: self.keep]

    def tell(self, line: int, raw: str, problems: Iterable[Problem]) -> None:
        """Tell of all the problems of one row."""
        rejected = False
        for problem in problems:
            self._write(line, raw, problem)
            rejected = rejected or problem.severity == "error"
            self.outcome.warnings += problem.severity == "warning"
        if rejected:
            self._keep_row(raw)

    def _write(self, line: int, raw: str, problem: Problem) -> None:
        kept = self.errors if problem.severity == "error" else self.warnings
        if len(kept) < self.keep:
            kept.append((line, problem))
        if self.problems is None:
            return
        writer = csv.writer(self.problems)
        if not self._begun:
            self._begun = True
            writer.writerow(REPORT_COLUMNS)
        texts = (problem.column, problem.value, problem.reason, raw.rstrip("\r\n"))
        # Only here: rejected rows stay as they came, to be mended.
        writer.writerow((line, problem.severity, *map(as_text, texts)))

    def _keep_row(self, raw: str) -> None:
        first = self.outcome.rejected == 0
        self.outcome.rejected += 1
        if self.rejected is None:
            return
        if first:
            self.rejected.write(_whole_line(self.header_text))
        self.rejected.write(_whole_line(raw))


def _whole_line(text: str) -> str:
    return text if text.endswith(("\r", "\n")) else f"{text}\n"
