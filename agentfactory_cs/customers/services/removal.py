"""Taking back what was entered by mistake, and erasing a customer."""

from datetime import datetime

from django.db import transaction

from agentfactory_cs.events.services import Actor, record

from ..models import (
    Contact,
    Customer,
    Goal,
    GoalReading,
    Interaction,
    OutcomeReport,
    RenewalEstimate,
    Subscription,
    Task,
    Training,
)

Removable = (
    Contact | Goal | GoalReading | Interaction | OutcomeReport | RenewalEstimate | Subscription | Task | Training
)


@transaction.atomic
def remove_record(thing: Removable, *, by: Actor = None, now: datetime) -> None:
    """Delete one record of a customer. The timeline keeps that, and of what kind, but not what it said."""
    customer: Customer = thing.goal.customer if isinstance(thing, GoalReading) else thing.customer
    data = {"kind": str(thing._meta.verbose_name), "id": thing.pk}
    thing.delete()
    record("customers.record_deleted", customer, data, by=by, now=now)


@transaction.atomic
def erase_customer(customer: Customer, *, by: Actor = None, now: datetime) -> None:
    """Delete a customer with everything that is theirs, the timeline included, as privacy may demand.

    So no event tells of it: the console's log of staff actions does. Who merely leaves is a departure.
    """
    customer.delete()
