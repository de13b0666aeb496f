"""`manage.py benchmark backtest`: a backtest of twelve months against one daily run of the same customers."""

from argparse import ArgumentParser
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.utils import timezone

from agentfactory_cs.benchmarks import Benchmark, Report, benchmarks
from health import backtesting, runs
from health.backtesting.span import HORIZON_DAYS
from health.models import HealthScore

from .dataset import DAY, grow, let_some_leave
from .measuring import best, timed, vacuum

DAYS = 450
# A backtest may take as long as so many daily runs.
BOUND = 60
NOW = datetime.combine(DAY + timedelta(days=1), time(12), tzinfo=UTC)


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--customers", type=int, default=10_000, help="How many customers (10 000).")
    parser.add_argument("--months", type=int, default=12, help="How many month ends (12).")


def run(options: dict[str, Any], report: Report) -> dict[str, Any]:
    customers, months = options["customers"], options["months"]
    report(f"Generating {customers:,} customers with {DAYS} days of usage …")
    grow(1, customers, days=DAYS)
    daily = _daily_run(report)
    let_some_leave(DAYS)
    vacuum()
    backtest = timed(lambda: _backtest(months), report, f"backtest of {months} months")
    return {
        "name": "backtest",
        "n": customers,
        "months": months,
        "ours": backtest,
        "baseline": daily,
        "ratio": backtest / daily,
        "bound": BOUND,
    }


def _daily_run(report: Report) -> float:
    vacuum()

    def score() -> float:
        HealthScore.objects.all().delete()
        return timed(lambda: runs.work_off(runs.start_run(DAY, now=timezone.now())))

    return best(score, report, "one daily run")


def _backtest(months: int) -> None:
    last = DAY - timedelta(days=HORIZON_DAYS)
    since = date(last.year + (last.month - 1 - months) // 12, (last.month - 1 - months) % 12 + 1, 1)
    started = backtesting.start(since=since, until=last, now=NOW)
    if started.days_total != months or backtesting.work_off(started) is None:
        raise RuntimeError(f"The backtest was to look at {months} month ends, not {started.days_total}.")


benchmarks.register(
    Benchmark("health.backtest", "A backtest of twelve months against one daily run.", run, add_arguments)
)
