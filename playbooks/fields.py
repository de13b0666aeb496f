"""The fields of a customer that a step may set, and what fits into them."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Field

from agentfactory_cs.console.registry import Words
from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.services import save_customer

from .registry import BadParameter, Context, Outcome, done, skipped

# What describes a customer. Name, ids, tier and signup are the platform's; stage, success manager and tags have
# actions of their own.
SETTABLE = ("industry", "country", "language", "time_zone")


def set_field(context: Context, params: Mapping[str, Any]) -> Outcome:
    customer, name, value = Customer.objects.get(pk=context.customer.pk), params["field"], params["value"]
    old = getattr(customer, name)
    if old == value:
        return skipped("It says so already.")
    setattr(customer, name, value)
    save_customer(customer, changed={name}, now=context.now)
    return done(f"It was {old or 'empty'}.", old=old, new=value)


def check_value(params: Mapping[str, Any]) -> None:
    """Raises BadParameter where the customer's field does not take the value."""
    try:
        _field(params["field"]).clean(params["value"], None)
    except ValidationError as error:
        raise BadParameter(f"value: {' '.join(error.messages)}") from None


def fields() -> Sequence[tuple[str, Words]]:
    return [(name, str(_field(name).verbose_name).capitalize()) for name in SETTABLE]


def _field(name: str) -> "Field[Any, Any]":
    field = Customer._meta.get_field(name)
    assert isinstance(field, Field)
    return field
