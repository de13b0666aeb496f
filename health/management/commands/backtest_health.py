import json
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from health import backtesting
from health.backtesting import report
from health.backtesting.span import HORIZON_DAYS
from health.management.arguments import day_of
from health.models import Backtest
from health.rescoring import UnknownVersion, find_version

_OPTIONS = {"version": "--scorecard", "since": "--from", "until": "--to", "horizon_days": "--horizon"}


class Command(BaseCommand):
    help = "Hold past scores against who left: replays each month end with only the data known then."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--scorecard",
            default="",
            metavar="NAME",
            help='A version, such as "Standard v2", or a draft\'s id; those in force unless given.',
        )
        parser.add_argument("--from", dest="since", type=day_of, metavar="DATE", help="From the end of this month.")
        parser.add_argument("--to", dest="until", type=day_of, metavar="DATE", help="No month end after this day.")
        parser.add_argument("--horizon", type=int, default=HORIZON_DAYS, metavar="DAYS", help="Days to leave in (60).")
        parser.add_argument("--json", action="store_true", help="Print one JSON object and nothing else.")

    def handle(self, *args: Any, **options: Any) -> None:
        backtest = _started(options)
        result = self._work_off(backtest, quiet=options["json"])
        if options["json"]:
            self.stdout.write(json.dumps({"id": backtest.pk, "verdict": result.verdict, **result.to_json()}))
            return
        for line in report.lines(result):
            self.stdout.write(line)

    def _work_off(self, backtest: Backtest, *, quiet: bool) -> backtesting.Result:
        with _progress(self.stdout.isatty() and not quiet) as bar:
            job = bar.add_task("Replaying month ends", total=backtest.days_total)
            result = backtesting.work_off(backtest, progress=lambda done: bar.update(job, completed=done))
        if result is None:
            raise CommandError("A worker took this backtest over; its result will be in the console.")
        return result


def _started(options: dict[str, Any]) -> Backtest:
    try:
        return backtesting.start(
            version=find_version(options["scorecard"]) if options["scorecard"] else None,
            since=options["since"],
            until=options["until"],
            horizon_days=options["horizon"],
            now=timezone.now(),
        )
    except UnknownVersion as error:
        raise CommandError(str(error)) from None
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise CommandError(f"{_OPTIONS.get(field, field)}: {messages[0]}") from None


def _progress(is_shown: bool) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(), disable=not is_shown)
