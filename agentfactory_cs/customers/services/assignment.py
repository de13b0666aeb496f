"""Giving many customers to a success manager."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from agentfactory_cs.events.services import Actor, actor_user, record_all

from ..models import Customer, CustomerChange

# One chunk is one transaction: 100 000 customers neither lock for minutes nor fill memory.
CHUNK = 1000


def assign_manager(customer_ids: Iterable[int], manager: User | None, *, by: Actor = None, now: datetime) -> int:
    """Give customers to a success manager (None: to nobody); how many of them it changed.

    Chunk by chunk, each in a transaction of its own: what was stored before a failure stays, and a second call
    gives away the rest, as those who have the manager already are passed over.
    """
    ids = sorted(set(customer_ids))
    return sum(_assign(ids[start : start + CHUNK], manager, by=by, now=now) for start in range(0, len(ids), CHUNK))


@transaction.atomic
def _assign(ids: Sequence[int], manager: User | None, *, by: Actor, now: datetime) -> int:
    manager_id = manager.pk if manager else None
    # In the order of the ids, so that two assignments at once wait for one another instead of deadlocking; and the
    # managers of before by a query of their own: a join read while waiting may show those of earlier still.
    locked = Customer.objects.select_for_update().order_by("pk").only("success_manager")
    chosen = locked.filter(pk__in=ids).prefetch_related("success_manager")
    changed = [customer for customer in chosen if customer.success_manager_id != manager_id]
    if not changed:
        return 0
    # Only this column: whatever somebody else changed since the customers were chosen stays.
    Customer.objects.filter(pk__in=[one.pk for one in changed]).update(success_manager=manager, updated_at=now)
    _tell(changed, manager, by=by, now=now)
    return len(changed)


def _tell(changed: Sequence[Customer], manager: User | None, *, by: Actor, now: datetime) -> None:
    """`changed` still hold the manager of before."""
    new, new_name = shown_manager(manager)
    before = [(customer, *shown_manager(customer.success_manager)) for customer in changed]
    CustomerChange.objects.bulk_create(
        CustomerChange(
            customer=customer,
            field=CustomerChange.Field.MANAGER,
            old=old,
            new=new,
            changed_at=now,
            changed_by=actor_user(by),
        )
        for customer, old, _name in before
    )
    data = ((customer, {"old": old_name, "new": new_name}) for customer, _old, old_name in before)
    record_all("customers.manager_changed", data, by=by, now=now)


def shown_manager(manager: User | None) -> tuple[str, str]:
    """A success manager as the history stores it, and as a person reads it."""
    return (str(manager.pk), manager.get_full_name() or str(manager)) if manager else ("", "nobody")
