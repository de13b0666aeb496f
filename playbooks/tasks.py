"""What the clock and the doorbell start."""

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from agentfactory_cs.messaging.tasks import ring_for_mail

from . import entering, watching, working


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
    """Safe to run twice because a run ends once, and a goal is noted once."""
    now = timezone.now()
    watching.let_out(now=now)
    watching.note_goals(now=now)
