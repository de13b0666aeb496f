"""Taking alerts back: what has recovered, lapsed or left is closed, and armed again."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from agentfactory_cs.customers.models import Customer
from agentfactory_cs.events.services import Actor, record, record_all

from ..models import Alert, AlertClosing


@dataclass(frozen=True)
class Over:
    """An alert whose condition is over, why, and the score it ended with (None where there is none)."""

    alert: Alert
    closing: AlertClosing
    score: float | None


def close_all(over: Sequence[Over], *, day: date, now: datetime) -> None:
    """Close those that nobody closed by hand, and arm them all again: the next fall is news. A fixed number of
    statements."""
    closed = [item for item in over if item.alert.state != Alert.State.CLOSED]
    by_closing = defaultdict(list)
    for item in closed:
        by_closing[item.closing].append(item.alert.pk)
    for closing, ids in by_closing.items():
        Alert.objects.filter(pk__in=ids).update(
            state=Alert.State.CLOSED, closing=closing, closed_at=now, snoozed_until=None
        )
    Alert.objects.filter(pk__in=[item.alert.pk for item in over]).update(rearmed_on=day)
    happened = [(_customer_of(item.alert), _data(item.alert, _words(item))) for item in closed]
    record_all("health.alert_closed", happened, now=now)


def record_closing(alert: Alert, words: str, *, by: Actor, now: datetime) -> None:
    """Put it on the customer's timeline that a person closed an alert."""
    record("health.alert_closed", alert.customer, _data(alert, words), by=by, now=now)


def _customer_of(alert: Alert) -> Customer:
    """The customer by its id alone, which is all an event needs."""
    return Customer(pk=alert.customer_id)


def _words(item: Over) -> str:
    label = str(item.closing.label)
    return label if item.score is None else f"{label} (score {item.score:.0f})"


def _data(alert: Alert, words: str) -> dict[str, Any]:
    return {"alert": alert.pk, "kind": alert.kind, "title": str(alert.get_kind_display()), "closing": words}
