"""How many customers a condition fits now, within a time that a person waits."""

from dataclasses import dataclass
from datetime import datetime

from django.db import OperationalError, connection, transaction
from django.db.models import Count, Q

from ..models import Customer
from .condition import Condition

# Seconds; a condition that takes longer is not counted while somebody waits.
MOST_SECONDS = 3.0


@dataclass(frozen=True)
class Fitting:
    """Customers it fits, and how many of these have left."""

    customers: int
    churned: int


def count_fitting(condition: Condition, *, now: datetime, most_seconds: float = MOST_SECONDS) -> Fitting | None:
    """One query; None where it was not answered in time."""
    churned = Q(lifecycle_stage=Customer.Stage.CHURNED)
    asked = condition.narrow(Customer.objects.order_by(), now)
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = %s", [int(most_seconds * 1000)])
            return Fitting(**asked.aggregate(customers=Count("pk"), churned=Count("pk", filter=churned)))
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", "") != "57014":  # query_canceled
            raise
        return None
