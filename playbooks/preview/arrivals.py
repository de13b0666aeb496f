"""Whom a trigger would have named: a customer, with the event where one did."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from agentfactory_cs.customers.days import end_of_day, start_of_day
from agentfactory_cs.events.models import Event


@dataclass(frozen=True, slots=True)
class Arrival:
    """`at` is the event's moment; without an event, that of the look counts."""

    customer_id: int
    event_id: int | None = None
    at: datetime | None = None


def by_the_hour(trigger: str, day: date) -> Sequence[tuple[datetime, Sequence[Arrival]]]:
    """A day's events of a kind, hour by hour, each hour with the moment of its last: by then its customers' facts are
    judged. One query."""
    events = Event.objects.filter(
        trigger=trigger, happened_at__gte=start_of_day(day), happened_at__lt=end_of_day(day)
    ).order_by("happened_at", "id")
    hours: dict[int, list[Arrival]] = defaultdict(list)
    for pk, customer_id, at in events.values_list("pk", "customer", "happened_at"):
        hours[at.hour].append(Arrival(customer_id, pk, at))
    return [(arrivals[-1].at or start_of_day(day), arrivals) for arrivals in hours.values()]
