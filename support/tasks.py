"""What the clock and the doorbell start."""

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from . import assigning


@shared_task
def hand_out_tickets() -> None:
    """Safe to run twice because a ticket is given to somebody under its lock, and only while nobody has it."""
    while assigning.hand_out(now=timezone.now()).given:
        pass


def ring_for_tickets() -> None:
    """Have what waits for somebody handed out at once, rather than by the next tick: somebody has become free."""
    transaction.on_commit(lambda: hand_out_tickets.delay(), robust=True)
