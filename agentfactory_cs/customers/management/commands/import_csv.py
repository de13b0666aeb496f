"""`manage.py import_csv KIND FILE`: customers' records from a CSV file (docs/imports.md)."""

import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TextIO

from django.core.management.base import BaseCommand
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from agentfactory_cs.customers.imports import (
    ImportRefused,
    Mapping,
    Report,
    kind_named,
    kinds,
    open_source,
    read_mapping,
    run_import,
    short_name,
)


class Command(BaseCommand):
    help = "Import customers' records from a CSV file. Importing the same file again changes nothing."
    # Exit codes: 0 every row was taken (perhaps with warnings), 1 some rows were rejected, 2 nothing could be read.

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = _fields_of_all_kinds()
        parser.add_argument("kind", help=f"One of {', '.join(map(short_name, kinds))}.")
        parser.add_argument("file", type=Path, help="The CSV file.")
        parser.add_argument(
            "--map", action="append", default=[], metavar="THEIRS=OURS", help="Their column, our field."
        )
        parser.add_argument("--mapping", type=Path, metavar="FILE.yaml", help="Mapping file; --map wins over it.")
        parser.add_argument(
            "--ignore", action="append", default=[], metavar="COLUMN", help="Leave it out; * for every other."
        )
        parser.add_argument("--encoding", default="", help="UTF-8 unless said otherwise, such as latin-1.")
        parser.add_argument(
            "--delimiter", default="", help="comma, semicolon, tab, pipe or a character; else found out."
        )
        parser.add_argument(
            "--report", type=Path, metavar="FILE.csv", help="Where problems go; FILE.report.csv otherwise."
        )
        parser.add_argument("--dry-run", action="store_true", help="Do everything, then take it back.")
        parser.add_argument("--no-progress", action="store_true", help="No progress bar.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = self._import(options)
        except ImportRefused as refused:
            self.stderr.write(self.style.ERROR(str(refused)))
            sys.exit(2)
        if report.outcome.rejected:
            sys.exit(1)

    def _import(self, options: dict[str, Any]) -> Report:
        kind = kind_named(options["kind"])
        mapping = _mapping(options)
        encoding, delimiter = (options[name] or getattr(mapping, name) for name in ("encoding", "delimiter"))
        report_path, rejected_path = _report_paths(options)
        with ExitStack() as stack:
            source = stack.enter_context(open_source(options["file"], encoding=encoding, delimiter=delimiter))
            report = run_import(
                kind,
                source,
                mapping,
                now=timezone.now(),
                dry_run=options["dry_run"],
                problems=stack.enter_context(_written(report_path, "utf-8", "backslashreplace")),
                rejected=stack.enter_context(_written(rejected_path, source.encoding, "surrogateescape")),
                progress=stack.enter_context(_progress(source.size, options["no_progress"])),
            )
        self._tell(report, report_path, rejected_path)
        return report

    def _tell(self, report: Report, report_path: Path, rejected_path: Path) -> None:
        self.stdout.write(report.outcome.sentence())
        if report_path.exists():
            self.stdout.write(f"Every problem, with its line: {report_path}")
        if rejected_path.exists():
            self.stdout.write(f"The rejected rows, to mend and import again: {rejected_path}")


def _fields_of_all_kinds() -> str:
    lines = ["fields (* a row cannot do without, + a new record cannot do without):"]
    for kind in kinds:
        lines.append(f"\n  {short_name(kind)}")
        for field in kind.fields:
            mark = "*" if field.key else "+" if field.needed else " "
            lines.append(f"  {mark} {field.name:<20} {field.help}")
    return "\n".join(lines)


def _mapping(options: dict[str, Any]) -> Mapping:
    path = options["mapping"]
    try:
        mapping = read_mapping(path.read_text(encoding="utf-8")) if path else Mapping()
    except (OSError, UnicodeError):
        raise ImportRefused(f"The mapping {path} cannot be read.") from None
    return mapping.with_columns(options["map"]).ignoring(options["ignore"])


def _report_paths(options: dict[str, Any]) -> tuple[Path, Path]:
    file: Path = options["file"]
    report = options["report"] or file.with_name(f"{file.name}.report.csv")
    rejected = report.with_name(f"{report.name.removesuffix('.csv').removesuffix('.report')}.rejected.csv")
    if file.resolve() in (report.resolve(), rejected.resolve()):
        raise ImportRefused("The report would overwrite the file itself; name another with --report.")
    return report, rejected


@contextmanager
def _written(path: Path, encoding: str, errors: str) -> Iterator[TextIO]:
    """A file that stays only if something was written; what an earlier import left there is gone."""
    try:
        file = path.open("w", encoding=encoding, errors=errors, newline="")
    except OSError as error:
        raise ImportRefused(f"{path} cannot be written: {error.strerror}. Name another place with --report.") from None
    try:
        with file:
            yield file
    finally:
        if path.stat().st_size == 0:
            path.unlink()


@contextmanager
def _progress(size: int, hidden: bool) -> Iterator[Callable[[int], None]]:
    """A bar over the file's bytes on the terminal; nothing where there is none."""
    console = Console(stderr=True)
    columns = (TextColumn("Importing"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=hidden or not console.is_terminal) as bar:
        task = bar.add_task("import", total=size)
        yield lambda position: bar.update(task, completed=position)
