"""Who is in a segment."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from .conditions import Condition
from .models import Customer, Segment

_STAGE = "customers.stage"


def members(segment: Segment, customers: QuerySet[Customer], now: datetime) -> QuerySet[Customer]:
    """Those of the customers that its condition fits: still one query. Raises BadCondition where it asks for a
    fact that no app offers any more."""
    return fitting(segment.condition, customers, now)


def fitting(data: Mapping[str, Any], customers: QuerySet[Customer], now: datetime) -> QuerySet[Customer]:
    """Who has left is no member, unless the condition itself speaks of the stage. Raises BadCondition."""
    condition = Condition.from_data(data)
    if all(row.fact.key != _STAGE for row in condition.rows):
        customers = customers.exclude(lifecycle_stage=Customer.Stage.CHURNED)
    return condition.narrow(customers, now)
