"""Giving customers to success managers: many to one of them, or one to the best."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import Case, Count, F, Q, QuerySet, Value, When

from agentfactory_cs.events.services import Actor, actor_user, record_all

from ..days import utc_day
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
def assign_best_manager(customer: Customer, *, by: Actor = None, now: datetime) -> User | None:
    """Give a customer without a success manager to who speaks its language and has the fewest customers.

    Among all who may be one (active, in the group CSM, not away); nobody speaking the language, among all of
    them. One at a time, so that many at once are spread. None where there is nobody, or it has one already.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('customers.assign_best_manager'))")
    if Customer.objects.get(pk=customer.pk).success_manager_id is not None:
        return None
    best = _candidates(now).order_by(_speaks(customer.language).desc(), F("load"), "pk").first()
    if best is not None:
        assign_manager([customer.pk], best, by=by, now=now)
    return best


def _candidates(now: datetime) -> QuerySet[User]:
    here = Q(staff_profile__isnull=True) | Q(staff_profile__away_until__isnull=True)
    here |= Q(staff_profile__away_until__lte=utc_day(now))
    served = Q(customers__isnull=False) & ~Q(customers__lifecycle_stage=Customer.Stage.CHURNED)
    people = User.objects.filter(here, is_active=True, groups__name="CSM").distinct()
    return people.annotate(load=Count("customers", filter=served, distinct=True))


def _speaks(language: str) -> Case:
    """The language itself, or a regional form of it: who speaks pt serves pt-BR too."""
    spoken = Q(staff_profile__languages__overlap=[language, language.split("-")[0]])
    return Case(When(spoken, then=Value(1)), default=Value(0))


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
