"""What the clock and the doorbell start."""

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from .consumers import feed_all
from .webhooks import delivery, services


@shared_task
def feed_consumers() -> None:
    """Safe to run twice because a consumer's place is locked, and moves on with what the consumer wrote."""
    feed_all(now=timezone.now())


@shared_task
def deliver_webhooks() -> None:
    """Safe to run twice because each message is claimed by one worker, and carries the same id with every attempt."""
    delivery.deliver_due()


@shared_task
def forget_deliveries() -> None:
    """Safe to run twice because what is gone is gone."""
    services.forget_old(now=timezone.now())


def ring() -> None:
    """Have the events that the current transaction records acted on at once, rather than by the next tick."""
    transaction.on_commit(lambda: feed_consumers.delay(), robust=True)


def ring_for_webhooks() -> None:
    """Have the messages that the current transaction queues posted at once, rather than by the next tick."""
    transaction.on_commit(lambda: deliver_webhooks.delay(), robust=True)
