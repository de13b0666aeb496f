"""Let days pass on the demo."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from agentfactory_cs import demo, timeshift
from agentfactory_cs.events.consumers import feed_all


class Command(BaseCommand):
    help = "Let days pass on the demo: what was due within them is done, each on its day (docs/demo.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, required=True, metavar="N", help=f"1 to {timeshift.MOST_DAYS}.")
        parser.add_argument("--no-input", action="store_true", help="Do not ask.")

    def handle(self, *args: Any, **options: Any) -> None:
        days = options["days"]
        if demo.begun() is None:
            raise CommandError("Only the demo's clock can be moved, and this database does not hold the demo.")
        if not options["no_input"] and not self._is_sure(days):
            raise CommandError("Nothing was changed.")
        now = timezone.now()
        feed_all(now=now)
        try:
            moved = timeshift.advance(days, now=now)
        except (ValueError, TimeoutError) as refusal:
            raise CommandError(str(refusal)) from None
        if options["verbosity"]:
            self.stdout.write(f"{days} days have passed: {moved} rows moved. Usage and scores stay on their days.")

    def _is_sure(self, days: int) -> bool:
        self.stdout.write(f"{days} days pass for every customer of this demo. There is no way back.")
        return input("Type yes to go on: ").strip() == "yes"
