"""What the clock and the doorbell start."""

import logging

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from agentfactory_cs.messaging.tasks import ring_for_mail

from . import effect, entering, faults, preview, watching, working
from .models import Preview

logger = logging.getLogger(__name__)


@shared_task
def work_off_due() -> None:
    """Safe to run twice because steps are taken under a lock, and done and settled in one transaction."""
    if working.work_off_due(now=timezone.now()):
        ring_for_mail()


def ring() -> None:
    """Have the steps that the current transaction makes due done at once, rather than by the next tick."""
    transaction.on_commit(lambda: work_off_due.delay(), robust=True)


@shared_task
def look_at_everybody() -> None:
    """Safe to run twice because whoever is in a playbook, or was not long ago, does not enter it."""
    entering.look_at_everybody(timezone.now())


@shared_task
def watch_runs() -> None:
    """Safe to run twice because a run ends once, a goal is noted once, and a fault is closed once."""
    now = timezone.now()
    faults.mend(now=now)
    watching.let_out(now=now)
    watching.note_goals(now=now)
    effect.refresh(now=now)


@shared_task
def work_off_preview(preview_id: int) -> None:
    """Safe to run twice because one worker at a time holds a preview, and a finished one is left alone."""
    preview.work_off(Preview.objects.get(pk=preview_id))


@shared_task
def resume_previews() -> None:
    """Safe to run twice because it only takes what no worker holds: the sweep for bells that were lost."""
    for row in preview.unfinished(timezone.now()):
        try:
            preview.work_off(row)
        except Exception:  # noted on the row and logged there; the other previews go on
            logger.warning("%s goes on in a minute", row)


def begin_preview(row: Preview) -> None:
    """Over few customers it is there at once; otherwise a worker is called."""
    if not row.is_open:
        return
    if preview.is_small():
        _at_once(row)
    else:
        transaction.on_commit(lambda: work_off_preview.delay(row.pk))


def _at_once(row: Preview) -> None:
    try:
        preview.work_off(row)
    except Exception:  # noted on the row and logged there; the sweep tries again
        logger.warning("%s goes on in a minute", row)
