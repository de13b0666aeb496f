"""`manage.py benchmark tickets`: a large desk's pages against a small one's, and opening a ticket over REST against a
bare create of the same row."""

from argparse import ArgumentParser
from typing import Any

from agentfactory_cs.benchmarks import Benchmark, Report, benchmarks

from . import dataset, opening, pages


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--tickets", type=int, default=1_000_000, help="Tickets of the large desk (1 000 000).")
    parser.add_argument("--small", type=int, default=10_000, help="Tickets of the small one (10 000).")
    parser.add_argument("--requests", type=int, default=200, help="Tickets opened over REST (200).")
    parser.add_argument("--rounds", type=int, default=7, help="How often each page is asked for (7).")
    parser.add_argument("--profile", action="store_true", help="Say what opening a ticket costs most.")


def run(options: dict[str, Any], report: Report) -> dict[str, Any]:
    """`ours`, `baseline`: tickets a second with the large desk behind them. `pages`: milliseconds and queries of each,
    small and large; `page_ratio` the worst of large ÷ small, `page_queries` the most."""
    dataset.grow(1, options["small"])
    report(f"{options['small']:,} tickets:")
    small = pages.measure(options["rounds"], report)
    report(f"Generating {options['tickets']:,} tickets …")
    dataset.grow(options["small"] + 1, options["tickets"])
    report(f"{options['tickets']:,} tickets:")
    large = pages.measure(options["rounds"], report)
    opened = opening.measure(options["requests"], report, is_profiled=options["profile"])
    shown = {key: {"small_ms": small[key].ms, "ms": page.ms, "queries": page.queries} for key, page in large.items()}
    return {
        "name": "tickets",
        "n": options["tickets"],
        "unit": "tickets/s",
        **opened,
        "page_ratio": max(large[key].ms / small[key].ms for key in large),
        "page_queries": max(page.queries for page in large.values()),
        "pages": shown,
    }


benchmarks.register(
    Benchmark("support.tickets", "The desk's pages with many tickets, and opening one over REST.", run, add_arguments)
)
