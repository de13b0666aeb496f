"""How the benchmarks of health take the time."""

import time
from collections.abc import Callable

from django.db import connection

from agentfactory_cs.benchmarks import Report

ROUNDS = 3


def best(measure: Callable[[], float], report: Report, what: str) -> float:
    """Seconds of the fastest of three rounds: what disturbs a measurement only ever adds to it."""
    seconds = min(measure() for _ in range(ROUNDS))
    report(f"{what}: {seconds:.2f} s")
    return seconds


def timed(work: Callable[[], object], report: Report | None = None, what: str = "") -> float:
    """Seconds that `work` takes, once."""
    start = time.perf_counter()
    work()
    seconds = time.perf_counter() - start
    if report:
        report(f"{what}: {seconds:.2f} s")
    return seconds


def vacuum() -> None:
    """As autovacuum would have done by the night: without it, the first reader of a page marks its rows."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
