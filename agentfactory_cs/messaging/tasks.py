"""What the clock and the doorbell start."""

from datetime import timedelta

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from . import delivery, reminding, sending
from .places import place_among

# Well within the time limit of a task; what is left is for the next.
_AT_MOST = timedelta(minutes=20)


@shared_task
def deliver_notices() -> None:
    """Safe to run twice because each notice is claimed by one worker, and never sent again by itself once begun."""
    delivery.deliver_due()


def ring() -> None:
    """Have what the current transaction queues sent at once, rather than by the next tick."""
    transaction.on_commit(lambda: deliver_notices.delay())


@shared_task
def deliver_mail() -> None:
    """Safe to run twice because each mail is claimed by one worker, and never sent again by itself once begun."""
    with place_among() as is_mine:
        if is_mine:
            sending.deliver_due(at_most=_AT_MOST)


@shared_task
def look_after_surveys() -> None:
    """Safe to run twice because each request is locked and changed once, and a reminder has one key."""
    reminding.look_after(now=timezone.now())


def ring_for_mail() -> None:
    """Have mail to customers that the current transaction queues sent at once, rather than by the next tick."""
    transaction.on_commit(lambda: deliver_mail.delay())
