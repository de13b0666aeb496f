"""Whom a delivery is about, and deliveries that fit nobody until somebody appears."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from agentfactory_cs.customers.models import Contact, Customer
from agentfactory_cs.events.models import Event

from ..models import PlatformDelivery

State = PlatformDelivery.State

# After these a customer may be known by an id it was not known by before.
EXPLAINING = frozenset(
    {
        "customers.signed_up",
        "customers.external_id_changed",
        "customers.contact_added",
        "customers.contact_identified",
    }
)


@dataclass(frozen=True)
class Owner:
    customer_id: int
    contact_id: int | None


def owners_of(deliveries: Sequence[PlatformDelivery]) -> dict[int, Owner]:
    """Whom deliveries are about, by their ids: the tenant, else the customer of the user. Two queries."""
    tenants = {delivery.tenant_id for delivery in deliveries} - {""}
    users = {delivery.user_id for delivery in deliveries} - {""}
    customers = Customer.objects.filter(external_id__in=tenants).values_list("external_id", "pk")
    contacts = Contact.objects.filter(platform_user_id__in=users).values_list("platform_user_id", "pk", "customer_id")
    by_tenant: dict[str | None, int] = dict(customers)
    by_user = {user: (contact, customer) for user, contact, customer in contacts}
    found = ((delivery.pk, _owner(delivery, by_tenant, by_user)) for delivery in deliveries)
    return {pk: owner for pk, owner in found if owner}


def _owner(
    delivery: PlatformDelivery, by_tenant: dict[str | None, int], by_user: dict[str | None, tuple[int, int]]
) -> Owner | None:
    contact_id, of_user = by_user.get(delivery.user_id, (None, None))
    customer_id = by_tenant.get(delivery.tenant_id, of_user)
    if customer_id is None:
        return None
    return Owner(customer_id, contact_id if of_user == customer_id else None)


def look_again() -> int:
    """Once more those whose customer or contact is known by now: it may have come while a batch that did not know it
    yet was being applied, and the event that explains it was read before that batch was stored. One statement."""
    tenant = Customer.objects.filter(external_id=OuterRef("tenant_id"))
    user = Contact.objects.filter(platform_user_id=OuterRef("user_id"))
    known = (Exists(tenant) & ~Q(tenant_id="")) | (Exists(user) & ~Q(user_id=""))
    return PlatformDelivery.objects.filter(known, state=State.STRANGER).update(state=State.WAITING)


def on_events(events: Sequence[Event], now: datetime) -> None:
    """The consumer of events: what came before its customer or contact did is applied now."""
    known = {event.customer_id for event in events if event.trigger in EXPLAINING}
    if not known:
        return
    tenants = Customer.objects.filter(pk__in=known).exclude(external_id=None).values_list("external_id", flat=True)
    users = Contact.objects.filter(customer__in=known).exclude(platform_user_id=None)
    named = Q(tenant_id__in=list(tenants)) | Q(user_id__in=list(users.values_list("platform_user_id", flat=True)))
    PlatformDelivery.objects.filter(named, state=State.STRANGER).update(state=State.WAITING)
