"""Asking one fact of one customer, the way conditions do."""

from datetime import datetime
from typing import Any

from agentfactory_cs.customers.conditions import facts
from agentfactory_cs.customers.models import Customer

from .factories import NOW


def known(key: str, customer: Customer, now: datetime = NOW) -> Any:
    """The fact's value; None where it is not known."""
    fact = facts.get(key)
    joined = Customer.objects.alias(**fact.relations(now))
    return joined.annotate(known=fact.expression(now)).values_list("known", flat=True).get(pk=customer.pk)
