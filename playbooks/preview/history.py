"""What a preview must know of the past beside conditions and events: read once, in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from agentfactory_cs.customers.days import utc_day
from agentfactory_cs.customers.models import Churn

from ..deciding import Past
from ..models import Playbook, Run


@dataclass(frozen=True)
class History:
    """Who was gone when, who was in the playbook before the span began, and whom others kept from it when."""

    departures: Mapping[int, Sequence[tuple[date, date | None]]]
    before: Mapping[int, Past]
    held: Mapping[int, Sequence[tuple[datetime, datetime | None, str]]]

    @classmethod
    def of(cls, playbook: Playbook, since: datetime) -> "History":
        """Three queries."""
        return cls(_departures(), _before(playbook, since), _held(playbook, since))

    def had_left(self, customer_id: int, moment: datetime) -> bool:
        day = utc_day(moment)
        return any(
            left <= day and (returned is None or returned > day)
            for left, returned in self.departures.get(customer_id, ())
        )

    def held_by(self, customer_id: int, moment: datetime) -> str:
        spans = self.held.get(customer_id, ())
        return next((name for start, end, name in spans if start <= moment and (end is None or end > moment)), "")


def _departures() -> Mapping[int, list[tuple[date, date | None]]]:
    found: dict[int, list[tuple[date, date | None]]] = defaultdict(list)
    for customer_id, left, returned in Churn.objects.values_list("customer", "churned_on", "reactivated_on"):
        found[customer_id].append((left, returned))
    return found


def _before(playbook: Playbook, since: datetime) -> Mapping[int, Past]:
    runs = Run.objects.filter(playbook=playbook, entered_at__lt=since).order_by("customer_id", "-entered_at")
    rows = runs.distinct("customer_id").values_list("customer", "entered_at", "ended_at", "event_id")
    return {customer_id: Past(entered, ended, event) for customer_id, entered, ended, event in rows}


def _held(playbook: Playbook, since: datetime) -> Mapping[int, list[tuple[datetime, datetime | None, str]]]:
    above = Playbook.objects.filter(is_exclusive=True, priority__gt=playbook.priority)
    runs = Run.objects.filter(playbook__in=above).exclude(state=Run.State.HELD_OUT).exclude(ended_at__lt=since)
    found: dict[int, list[tuple[datetime, datetime | None, str]]] = defaultdict(list)
    for customer_id, start, end, name in runs.values_list("customer", "entered_at", "ended_at", "playbook__name"):
        found[customer_id].append((start, end, name))
    return found
