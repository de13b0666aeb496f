from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from datetime import UTC, date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from agentfactory_cs.demo import FEWEST_CUSTOMERS, DemoRefused, World, load


class Command(BaseCommand):
    help = "Fill an empty database with made-up customers and their history (docs/demo.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--customers", type=_at_least(FEWEST_CUSTOMERS), default=200, metavar="N")
        parser.add_argument("--days", type=_at_least(1), default=120, metavar="N", help="Days of scores to show.")
        parser.add_argument("--seed", type=int, default=1, metavar="N", help="Another seed, other customers.")
        parser.add_argument(
            "--today", type=date.fromisoformat, metavar="YYYY-MM-DD", help="Tell the stories as of another day."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        world = World(
            today=options["today"] or timezone.now().astimezone(UTC).date(),
            customers=options["customers"],
            days=options["days"],
            seed=options["seed"],
            report=self.stdout.write if options["verbosity"] else lambda line: None,
        )
        try:
            load(world)
        except DemoRefused as refusal:
            raise CommandError(str(refusal)) from None
        except BaseException:
            self.stderr.write("Nothing of this stage was kept. Run the same command again to go on from here.")
            raise
        world.report("The demo is loaded. docs/demo.md says what to look at.")


def _at_least(fewest: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if int(text) < fewest:
            raise ArgumentTypeError(f"at least {fewest}, please")
        return int(text)

    return number
