"""What the clock and the doorbell start."""

import logging

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from agentfactory_cs.messaging.tasks import deliver_notices

from . import alerts, digests, runs, services
from .models import ScoringRun

logger = logging.getLogger(__name__)


@shared_task
def score_all_customers() -> None:
    """Safe to run twice because a day's run is joined, not doubled, and scoring writes the same rows."""
    now = timezone.now()
    run = runs.start_run(services.last_complete_day(now), now=now)
    ring(run)


@shared_task
def work_off_run(run_id: int) -> None:
    """Safe to run twice because workers claim chunks and never the same one."""
    runs.work_off(ScoringRun.objects.get(pk=run_id))


@shared_task
def resume_scoring() -> None:
    """Safe to run twice because it only takes what no worker holds: the sweep for bells that were lost."""
    for run in runs.unfinished_runs(timezone.now()):
        try:
            runs.work_off(run)
        except Exception:  # noted on the run and logged there; the other runs go on
            logger.warning("%s goes on in a minute", run)


@shared_task
def tell_of_alerts() -> None:
    """Safe to run twice because an alert is told of once, and nobody gets two digests for one moment."""
    now = timezone.now()
    alerts.wake_due(now=now)
    if digests.write_due(now=now):
        deliver_notices.delay()


def ring(run: ScoringRun) -> None:
    """Call as many workers to a run as may work on it at a time."""
    for _ in range(settings.HEALTH_SCORING_WORKERS):
        work_off_run.delay(run.pk)
