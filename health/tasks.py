"""What the clock and the doorbell start."""

import logging
from collections.abc import Sequence
from datetime import date

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from agentfactory_cs.messaging.tasks import deliver_notices

from . import aftermath, alerts, backtesting, digests, feeds, overrides, reports, runs, services
from .models import Backtest, ScoringRun

logger = logging.getLogger(__name__)


@shared_task
def score_all_customers() -> None:
    """Safe to run twice because a day's run is joined, not doubled, and scoring writes the same rows."""
    now = timezone.now()
    run = feeds.start_unless_late(services.last_complete_day(now), now=now)
    ring(run)


@shared_task
def work_off_run(run_id: int) -> None:
    """Safe to run twice because workers claim chunks and never the same one."""
    runs.work_off(ScoringRun.objects.get(pk=run_id))


@shared_task
def resume_scoring() -> None:
    """Safe to run twice because it only takes what no worker holds: the sweep for bells that were lost, for days
    whose usage came late, and for alerts that were released."""
    now = timezone.now()
    feeds.look_again(now=now)
    for run in runs.unfinished_runs(now):
        try:
            runs.work_off(run)
        except Exception:  # noted on the run and logged there; the other runs go on
            logger.warning("%s goes on in a minute", run)
    aftermath.catch_up(now=now)


@shared_task
def note_expired_overrides() -> None:
    """Safe to run twice because each is recorded once, under a key of its own."""
    overrides.note_expired(now=timezone.now())


@shared_task
def make_due_reports() -> None:
    """Safe to run twice because a week's report is a row that is there once, and so is each of its mails."""
    reports.make_due(now=timezone.now())


@shared_task
def make_reports_of(week: str, send: bool) -> None:
    """Safe to run twice because what is there stays as it is, and each mail goes out once."""
    reports.make_week(date.fromisoformat(week), now=timezone.now(), send=send)


@shared_task
def tell_of_alerts() -> None:
    """Safe to run twice because an alert is told of once, and nobody gets two digests for one moment."""
    now = timezone.now()
    alerts.wake_due(now=now)
    if digests.write_due(now=now):
        deliver_notices.delay()


def ring(run: ScoringRun) -> None:
    """Call as many workers to a run as may work on it at a time; to a held one nobody."""
    if run.state == ScoringRun.State.HELD:
        return
    for _ in range(settings.HEALTH_SCORING_WORKERS):
        work_off_run.delay(run.pk)


def ring_after_release(released: Sequence[ScoringRun]) -> None:
    """Call the workers to runs that were let go; where only alerts were held, one worker to judge them."""
    for run in released:
        ring(run)
    if not released:
        resume_scoring.delay()


@shared_task
def work_off_backtest(backtest_id: int) -> None:
    """Safe to run twice because one worker at a time holds a backtest, and a finished one is left alone."""
    backtesting.work_off(Backtest.objects.get(pk=backtest_id))


@shared_task
def resume_backtests() -> None:
    """Safe to run twice because it only takes what no worker holds: the sweep for bells that were lost."""
    for backtest in backtesting.unfinished(timezone.now()):
        try:
            backtesting.work_off(backtest)
        except Exception:  # noted on the row and logged there; the other backtests go on
            logger.warning("%s goes on in a minute", backtest)
