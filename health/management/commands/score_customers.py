from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from health import feeds, runs
from health.management.arguments import day_of
from health.models import ScorecardVersion
from health.rescoring import DraftNotStored, Replayed, UnknownVersion, find_version, replay
from health.services import last_complete_day


class Command(BaseCommand):
    help = (
        "Score every customer for yesterday, as the nightly run does: held where yesterday's usage is late. A day or "
        "span that is named is scored in any case, with a warning. Scoring a day again is harmless. "
        "With --scorecard, say what a version would make of those days; with --store as well, store that."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--as-of", type=day_of, metavar="DATE", help="The day to score; yesterday unless given.")
        parser.add_argument("--from", dest="since", type=day_of, metavar="DATE", help="First day of a span.")
        parser.add_argument("--to", dest="until", type=day_of, metavar="DATE", help="Last day of a span.")
        parser.add_argument("--scorecard", metavar="NAME", help='A version, such as "Standard v2", or a draft\'s id.')
        parser.add_argument(
            "--store", action="store_true", help="Put what the version makes in the place of the stored scores."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        days = list(_days(options["as_of"], options["since"], options["until"]))
        if options["scorecard"]:
            self._replay(days, options["scorecard"], store=options["store"])
        elif options["store"]:
            raise CommandError("--store goes with --scorecard; without one, scores are stored in any case.")
        else:
            self._score(days, is_named=any(options[name] for name in ("as_of", "since", "until")))

    def _score(self, days: list[date], *, is_named: bool) -> None:
        scored = sum(self._score_day(day, is_named=is_named) for day in _shown(days, self.stdout.isatty()))
        self.stdout.write(f"Wrote {scored:,} scores for {_span(days)}.")

    def _replay(self, days: list[date], name: str, *, store: bool) -> None:
        try:
            version = find_version(name)
            replayed = [self._told(day, version, store) for day in _shown(days, self.stdout.isatty())]
        except (UnknownVersion, DraftNotStored) as refusal:
            raise CommandError(str(refusal)) from None
        scored = sum(day.scored for day in replayed)
        done = "stored in the place of what was there" if store else "compared only; nothing was stored"
        self.stdout.write(f"{version}: {scored:,} scores for {_span(days)}, {done}.")

    def _told(self, day: date, version: ScorecardVersion, store: bool) -> Replayed:
        found = replay(day, version, store_scores=store)
        averages = f"average {_figure(found.average)} (stored {_figure(found.average_stored)})"
        others = f"{found.changed_band:,} of {found.compared:,} in another band"
        self.stdout.write(f"{day}  {found.scored:,} scored, {averages}, {others}")
        return found

    def _score_day(self, day: date, *, is_named: bool) -> int:
        now = timezone.now()
        if is_named:
            self._warn_if_late(day)
            return runs.work_off(feeds.start_all_the_same(day, now=now))
        run = feeds.start_unless_late(day, now=now)
        if run.incident and run.state == run.State.HELD:
            self.stderr.write(
                f"{run.incident.summary} {day} is held and is scored by itself once it has come. To score it with "
                f"what is there, release it in the console or give --as-of {day}."
            )
        return runs.work_off(run)

    def _warn_if_late(self, day: date) -> None:
        arrival = feeds.arrival_on(day)
        if feeds.is_late(arrival):
            self.stderr.write(f"{arrival.sentence} Its scores will be too low; score it again once the rest has come.")


def _days(as_of: date | None, since: date | None, until: date | None) -> Iterator[date]:
    today, newest = timezone.now().date(), last_complete_day(timezone.now())
    if as_of and (since or until):
        raise CommandError("Give --as-of for one day, or --from and --to for a span, not both.")
    first, last = as_of or since or newest, as_of or until or newest
    if last > today:
        raise CommandError(f"{last} lies in the future; the newest day that can be scored is {today}.")
    if first > last:
        raise CommandError(f"--from {first} lies after --to {last}.")
    return (first + timedelta(days=days) for days in range((last - first).days + 1))


def _span(days: list[date]) -> str:
    return f"{days[0]}" if len(days) == 1 else f"{len(days)} days, {days[0]} to {days[-1]}"


def _figure(average: float | None) -> str:
    return "–" if average is None else f"{average:.1f}"


def _shown(days: list[date], is_terminal: bool) -> Iterator[date]:
    """The days one by one, with a bar that says how far it is."""
    with _progress(is_terminal) as bar:
        job = bar.add_task("Scoring", total=len(days))
        for day in days:
            yield day
            bar.update(job, advance=1, description=f"Scoring {day}")


def _progress(is_terminal: bool) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(), disable=not is_terminal)
