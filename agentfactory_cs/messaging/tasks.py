"""What the clock and the doorbell start."""

from celery import shared_task
from django.db import transaction

from .delivery import deliver_due


@shared_task
def deliver_notices() -> None:
    """Safe to run twice because each notice is claimed by one worker, and never sent again by itself once begun."""
    deliver_due()


def ring() -> None:
    """Have what the current transaction queues sent at once, rather than by the next tick."""
    transaction.on_commit(lambda: deliver_notices.delay())
