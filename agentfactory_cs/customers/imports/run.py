"""One import from beginning to end."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from typing import TextIO

from django.db import transaction

from agentfactory_cs.events.services import Actor

from .kinds import Kind, Progress
from .mapping import Mapping, make_plan
from .report import Outcome, Report
from .source import Source


def run_import(
    kind: Kind,
    source: Source,
    mapping: Mapping,
    *,
    by: Actor = None,
    now: datetime,
    dry_run: bool = False,
    problems: TextIO | None = None,
    rejected: TextIO | None = None,
    keep: int = 0,
    progress: Progress = lambda position: None,
) -> Report:
    """Import a file: good rows are written, bad ones reported. ImportRefused where the whole makes no sense.

    `problems` and `rejected` take the report and the rows kept out; `keep` problems and rows stay at hand in the
    Report. A dry run does everything and takes it back.
    """
    plan = make_plan(kind, source.header, mapping)
    outcome = Outcome(kind.thing, dry_run=dry_run)
    report = Report(outcome, problems, rejected, source.header_text, keep)
    with _taken_back() if dry_run else nullcontext():
        kind.load(source, plan, report, by=by, now=now, progress=progress)
    return report


@contextmanager
def _taken_back() -> Iterator[None]:
    """A transaction that is rolled back whatever happens."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
