"""What the clock starts."""

from celery import shared_task
from django.utils import timezone

from . import course, evidence, stuck, success_metrics


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
