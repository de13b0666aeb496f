"""`manage.py benchmark scoring`: the daily scoring against one hand-written statement."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from agentfactory_cs.benchmarks import Benchmark, Report, benchmarks
from health import feeds, runs
from health.models import HealthScore, ScorecardVersion, ScoringRun

from . import backtest, triggers
from .baseline import score_by_one_statement
from .dataset import DAY, grow
from .measuring import best, timed, vacuum
from .workers import celery_workers, peak_megabytes, work_off_by

__all__ = ["backtest", "triggers"]

WORKERS = 2


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--customers", type=int, default=100_000, help="How many customers (100 000).")


def run(options: dict[str, Any], report: Report) -> dict[str, Any]:
    customers = options["customers"]
    tenth = max(customers // 10, 1)
    report(f"Generating {tenth:,} customers with 56 days of usage …")
    grow(1, tenth)
    _score_the_day_before()
    small = best(_one_process, report, f"ours, {tenth:,} customers")
    report(f"Generating {customers - tenth:,} more …")
    grow(tenth + 1, customers)
    _score_the_day_before()

    baseline = best(_one_statement, report, "(a) one statement")
    ours = best(_one_process, report, "(b) ours, one process")
    size = _bytes_per_score()
    unchanged = timed(_score, report, "rerun, nothing changed")
    rerun = best(_rerun, report, "rerun, every row changed")
    with celery_workers(WORKERS) as queue:
        by_workers = best(lambda: _by_workers(queue), report, "(c) two Celery workers")
    return {
        "name": "scoring",
        "n": customers,
        "ours": ours,
        "baseline": baseline,
        "ratio": ours / baseline,
        "two_workers": by_workers,
        "ratio_two_workers": by_workers / baseline,
        "growth": (ours / customers) / (small / tenth),
        "peak_mb": peak_megabytes(),
        "rerun": rerun / ours,
        "rerun_unchanged": unchanged / ours,
        "bytes_per_score": size,
    }


def _score_the_day_before() -> None:
    """The scores that the daily run compares its own with, kept aside to begin every round with."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS scored_before")
        cursor.execute("TRUNCATE health_healthscore")
    vacuum()
    runs.work_off(runs.start_run(DAY - timedelta(days=1), now=timezone.now()))
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE scored_before AS SELECT * FROM health_healthscore")


def _empty() -> None:
    """Nothing scored but the day before."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE health_healthscore")
        cursor.execute("INSERT INTO health_healthscore SELECT * FROM scored_before")
        cursor.execute("VACUUM ANALYZE health_healthscore")
        cursor.execute("CHECKPOINT")


def _one_statement() -> float:
    _empty()
    version = ScorecardVersion.objects.published().get()
    return timed(lambda: _expect_all(score_by_one_statement(DAY, version.pk)))


def _expect_all(rows: int) -> None:
    if not rows:
        raise RuntimeError("The baseline wrote nothing.")


def _one_process() -> float:
    _empty()
    return timed(_score)


def _score() -> None:
    """As every night: has the usage come, then everybody, then whether everybody moved at once."""
    runs.work_off(_started())


def _started() -> ScoringRun:
    run = feeds.start_unless_late(DAY, now=timezone.now())
    if run.state == ScoringRun.State.HELD:
        raise RuntimeError("The run is held: the benchmark's usage is not complete.")
    return run


def _rerun() -> float:
    """Every customer's last day changes, then the day is scored again."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE customers_usageday SET api_calls = api_calls + 28 WHERE day = %s", [DAY])
        cursor.execute("VACUUM customers_usageday")
        cursor.execute("VACUUM health_healthscore")
    return timed(_score)


def _by_workers(queue: str) -> float:
    _empty()

    def work() -> None:
        work_off_by(queue, _started(), WORKERS)

    seconds = timed(work)
    done = ScoringRun.objects.order_by("-pk")[0].customers_done
    if done != HealthScore.objects.filter(day=DAY).count():
        raise RuntimeError("The workers counted other scores than they wrote.")
    return seconds


def _bytes_per_score() -> float:
    """Heap and indexes of the score table, by row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_table_size('health_healthscore') + pg_indexes_size('health_healthscore')")
        return cursor.fetchone()[0] / HealthScore.objects.count()


benchmarks.register(
    Benchmark("health.scoring", "Daily scoring against one hand-written SQL statement.", run, add_arguments)
)
