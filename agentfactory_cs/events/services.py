"""Recording what happened."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction

from .models import Event
from .registry import triggers

if TYPE_CHECKING:
    from django.db.models import Model

# Who did something: a staff user, an API key's principal (any object with a name), or None for the system.
Actor = Any
MAX_NAME = 80


def actor_label(by: Actor) -> str:
    """Who did it, as the timeline says it: a person's name, a key's name, or the system."""
    if by is None:
        return "System"
    name = by.get_full_name() if isinstance(by, get_user_model()) else ""
    return (name or str(by))[:150]


def actor_user(by: Actor) -> Any:
    """The staff user behind `by`, or None when it was a machine."""
    return by if isinstance(by, get_user_model()) and by.pk else None


def record(
    trigger: str,
    customer: "Model",
    data: dict[str, Any] | None = None,
    *,
    dedupe_key: str | None = None,
    by: Actor = None,
    now: datetime,
) -> Event | None:
    """Append one event; call it inside the transaction of the change it tells of.

    `trigger` must be registered in some app's `triggers.py` (LookupError otherwise). With a `dedupe_key`
    that is already recorded, nothing is written and None is returned.
    """
    triggers.get(trigger)
    event = _event(trigger, customer, data, by=by, now=now)
    event.dedupe_key = dedupe_key
    if dedupe_key is None:
        event.save(force_insert=True)
        return event
    try:
        with transaction.atomic():
            event.save(force_insert=True)
    except IntegrityError:
        return None
    return event


def record_all(
    trigger: str, happened: Iterable[tuple["Model", dict[str, Any]]], *, by: Actor = None, now: datetime
) -> None:
    """Append the same kind of event for many customers, each with its data, in one statement."""
    triggers.get(trigger)
    Event.objects.bulk_create(_event(trigger, customer, data, by=by, now=now) for customer, data in happened)


def record_all_at(
    trigger: str, happened: Iterable[tuple["Model", dict[str, Any], datetime]], *, by: Actor = None
) -> None:
    """As `record_all`, each with the moment at which it happened."""
    triggers.get(trigger)
    Event.objects.bulk_create(_event(trigger, customer, data, by=by, now=at) for customer, data, at in happened)


@dataclass(frozen=True)
class Told:
    """What another system says happened to a customer, by the name it has for it."""

    customer_id: int
    name: str
    data: dict[str, Any]
    happened_at: datetime


def record_told(told: Iterable[Told], *, by_label: str) -> None:
    """Append what another system told us, in one statement.

    Its names need not be registered: what nobody foresaw is on the timeline under its own name.
    """
    Event.objects.bulk_create(
        Event(
            customer_id=one.customer_id,
            trigger=one.name[:MAX_NAME],
            data=one.data,
            by_label=by_label[:150],
            happened_at=one.happened_at,
        )
        for one in told
    )


def _event(trigger: str, customer: "Model", data: dict[str, Any] | None, *, by: Actor, now: datetime) -> Event:
    return Event(
        customer_id=customer.pk,
        trigger=trigger,
        data=data or {},
        by=actor_user(by),
        by_label=actor_label(by),
        happened_at=now,
    )
