from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from agentfactory_cs.customers import tasks
from agentfactory_cs.customers.models import UsageReceipt

pytestmark = pytest.mark.django_db


def test_ids_of_usage_rows_are_forgotten_after_their_time_and_not_before() -> None:
    today = timezone.now().date()
    for name, days in (("old", settings.USAGE_RECEIPT_DAYS + 1), ("kept", settings.USAGE_RECEIPT_DAYS - 1)):
        UsageReceipt.objects.create(row_id=name, content=0, received_on=today - timedelta(days=days))

    for _ in range(2):
        tasks.forget_receipts()

    assert [receipt.row_id for receipt in UsageReceipt.objects.all()] == ["kept"]
