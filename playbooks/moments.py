"""When a step of a run is due: so many days and hours after entering; mail at 09:00 of its reader's day."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from agentfactory_cs.customers.models import Company, Contact, Customer
from agentfactory_cs.messaging.timing import usual_moment, zone_of

from .registry import actions
from .rules import ACTION, Definition, Step


def zones_of(customers: Iterable[Customer]) -> Mapping[int, ZoneInfo]:
    """By customer, the zone of its primary contact, or else its own, or the company's. Two queries."""
    customers, company = list(customers), Company.get()
    contacts = Contact.objects.filter(customer__in=[customer.pk for customer in customers], is_primary=True)
    zones = dict(contacts.values_list("customer_id", "time_zone"))
    return {one.pk: zone_of(zones.get(one.pk, ""), one.time_zone, company.time_zone) for one in customers}


def sends_mail(step: Step) -> bool:
    return step.kind == ACTION and step.action in actions and actions.get(step.action).sends_mail


def has_mail(plan: Definition) -> bool:
    return any(sends_mail(step) for step in plan.steps)


def due_at(step: Step, entered_at: datetime, zone: ZoneInfo | None) -> datetime:
    """Mail of a later day without an hour of its own goes out at 09:00 in `zone`; anything else to the hour."""
    if zone and step.day and not step.hour and sends_mail(step):
        return usual_moment(step.day, zone, entered_at)
    return step.due_at(entered_at)
