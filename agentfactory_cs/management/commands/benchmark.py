import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from agentfactory_cs.benchmarks import benchmarks, throwaway_database


class Command(BaseCommand):
    help = "Measure our speed against a baseline, both in this run and in a database of their own."

    def add_arguments(self, parser: ArgumentParser) -> None:
        names = parser.add_subparsers(dest="name", metavar="NAME", required=True)
        for benchmark in benchmarks:
            own = names.add_parser(benchmark.name, help=benchmark.title)
            benchmark.add_arguments(own)
            own.add_argument("--json", action="store_true", help="Print one JSON object and nothing else.")
            own.set_defaults(key=benchmark.key)

    def handle(self, *args: Any, **options: Any) -> None:
        quiet = options["json"]
        report = (lambda line: None) if quiet else self.stdout.write
        benchmark = benchmarks.get(options["key"])
        with throwaway_database():
            result = benchmark.run(options, report)
        if quiet:
            self.stdout.write(json.dumps(result))
            return
        for name, value in result.items():
            self.stdout.write(f"{name:>20}  {value:.3f}" if isinstance(value, float) else f"{name:>20}  {value}")
