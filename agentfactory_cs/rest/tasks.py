"""What the clock does with what the API keeps."""

from celery import shared_task
from django.utils import timezone

from .services import forget_answers


@shared_task
def forget_answers_of_yesterday() -> None:
    """Safe to run twice because what is gone is gone."""
    forget_answers(now=timezone.now())
