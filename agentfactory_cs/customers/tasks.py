"""What the clock does with customers' records."""

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from .services import forget_old_receipts


@shared_task
def forget_receipts() -> None:
    """Safe to run twice because what is gone is gone."""
    forget_old_receipts(keep_days=settings.USAGE_RECEIPT_DAYS, now=timezone.now())
