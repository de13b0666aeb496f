"""Saying whose a stranger's deliveries are, where nobody can tell but a person."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from agentfactory_cs.customers.models import Contact, Customer
from agentfactory_cs.customers.services import save_contact, save_customer
from agentfactory_cs.events.services import Actor

from ..models import PlatformDelivery


@transaction.atomic
def name_customer(delivery: PlatformDelivery, customer: Customer, *, by: Actor = None, now: datetime) -> None:
    """The tenant that a delivery tells of is this customer; all that came and comes of it is applied to it.

    ValidationError where the delivery names no tenant, it is somebody's already, or the customer has another.
    """
    if not delivery.tenant_id:
        raise ValidationError("This delivery names no tenant: say whose contact its user is.")
    if customer.external_id:
        raise ValidationError(f"{customer} is known on the platform as {customer.external_id} already.")
    customer.external_id = delivery.tenant_id
    save_customer(customer, changed={"external_id"}, by=by, now=now)


@transaction.atomic
def name_contact(delivery: PlatformDelivery, contact: Contact, *, by: Actor = None, now: datetime) -> None:
    """The user that a delivery tells of is this person; what came and comes of it is applied to its customer.

    ValidationError where the delivery names no user, it is somebody's already, or the person has another.
    """
    if not delivery.user_id:
        raise ValidationError("This delivery names no user.")
    if contact.platform_user_id:
        raise ValidationError(f"{contact} is known on the platform as {contact.platform_user_id} already.")
    contact.platform_user_id = delivery.user_id
    save_contact(contact, by=by, now=now)
