from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from agentfactory_cs.demo import FEWEST_CUSTOMERS, DemoRefused, World, begun, load


class Command(BaseCommand):
    help = "Fill an empty database with made-up customers and their history (docs/demo.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--customers", type=_at_least(FEWEST_CUSTOMERS), metavar="N", help="How many: 200.")
        parser.add_argument("--days", type=_at_least(1), metavar="N", help="Days of scores to show: 120.")
        parser.add_argument("--seed", type=int, metavar="N", help="Another seed, other customers: 1.")
        parser.add_argument(
            "--today", type=date.fromisoformat, metavar="YYYY-MM-DD", help="Tell the stories as of another day."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        asked = {name: options[name] for name in ("today", "customers", "days", "seed") if options[name] is not None}
        usual = begun() or World(timezone.now().astimezone(UTC).date())
        world = replace(usual, **asked, report=self.stdout.write if options["verbosity"] else usual.report)
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
