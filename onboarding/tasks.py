"""What the clock and the doorbell start."""

from datetime import timedelta

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from agentfactory_cs.messaging.places import place_among

from . import course, deliveries, evidence, provisioning, stuck, success_metrics

# Well within the time limit of a task; what is left is for the next.
_AT_MOST = timedelta(minutes=20)
# A platform that answers slowly must not take every worker from everything else; its limits leave no work for more.
_PLACES, _SET_UP = 2, 0x53455455


@shared_task
def set_accounts_up() -> None:
    """Safe to run twice because each step is claimed by one worker, and asks what is there before it repeats a call."""
    with place_among(_PLACES, _SET_UP) as is_mine:
        if is_mine:
            provisioning.work_off(at_most=_AT_MOST)


def ring_for_set_up() -> None:
    """Have what the current transaction makes due done at once, rather than by the next tick."""
    transaction.on_commit(lambda: set_accounts_up.delay(), robust=True)


@shared_task
def apply_deliveries() -> None:
    """Safe to run twice because a delivery is applied under its lock, in the transaction that says so."""
    deliveries.apply_waiting(now=timezone.now())


def ring_for_deliveries() -> None:
    """As ring_for_set_up; a broker that is away must not cost the platform its answer."""
    transaction.on_commit(lambda: apply_deliveries.delay(), robust=True)


@shared_task
def tend_deliveries() -> None:
    """Safe to run twice because what is applied or dropped is not there to be applied or dropped again."""
    now = timezone.now()
    deliveries.apply_failed(now=now)
    if deliveries.look_again():
        deliveries.apply_waiting(now=now)
    deliveries.forget_old(now=now)


@shared_task
def look_for_milestones() -> None:
    """Safe to run twice because a milestone is noted once, and an onboarding completed once."""
    now = timezone.now()
    evidence.look(now=now)
    course.complete_reached(now=now)


@shared_task
def look_for_stuck() -> None:
    """Safe to run twice because at most one period is open an onboarding."""
    stuck.look(now=timezone.now())


@shared_task
def read_success_metrics() -> None:
    """Safe to run twice because a day's reading of a goal is one row."""
    success_metrics.read_all(now=timezone.now())
