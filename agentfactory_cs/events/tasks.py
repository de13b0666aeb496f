"""What the clock and the doorbell start."""

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from .consumers import feed_all


@shared_task
def feed_consumers() -> None:
    """Safe to run twice because a consumer's place is locked, and moves on with what the consumer wrote."""
    feed_all(now=timezone.now())


def ring() -> None:
    """Have the events that the current transaction records acted on at once, rather than by the next tick."""
    transaction.on_commit(lambda: feed_consumers.delay(), robust=True)
