"""Who the customer is."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, ExpressionWrapper, F, OuterRef, Q, Value
from django.db.models.functions import Extract
from django.utils.translation import gettext_lazy as _

from ..conditions.registry import Fact, FactType, facts
from ..models import Customer, Tag
from .history import of_customer


def _field(name: str) -> Callable[[datetime], Any]:
    return lambda now: F(name)


def _at(field: str) -> Callable[[datetime], Any]:
    return lambda now: of_customer(field, now)


def _yes_no(question: Q) -> Callable[[datetime], Any]:
    return lambda now: ExpressionWrapper(question, output_field=BooleanField())


def _days_since_signup(now: datetime) -> Any:
    return Extract(Value(now) - F("signed_up_at"), "day")


def _tags(now: datetime) -> Any:
    return ArraySubquery(Tag.objects.filter(customers=OuterRef("pk")).values("name"))


for fact in (
    Fact("customers.tier", _("Tier"), FactType.CHOICE, _at("tier"), choices=lambda: Customer.Tier.choices, order=10),
    Fact(
        "customers.stage",
        _("Lifecycle stage"),
        FactType.CHOICE,
        _at("lifecycle_stage"),
        choices=lambda: Customer.Stage.choices,
        order=11,
    ),
    Fact("customers.language", _("Language"), FactType.CHOICE, _field("language"), order=12, as_of=False),
    Fact("customers.country", _("Country"), FactType.CHOICE, _field("country"), order=13, as_of=False),
    Fact("customers.tags", _("Tags"), FactType.TAGS, _tags, order=14, as_of=False),
    Fact(
        "customers.days_since_signup",
        _("Days since signup"),
        FactType.NUMBER,
        _days_since_signup,
        unit=_("days"),
        order=15,
    ),
    Fact(
        "customers.success_manager",
        _("Success manager"),
        FactType.CHOICE,
        _field("success_manager__username"),
        _("By user name."),
        order=16,
        as_of=False,
    ),
    Fact(
        "customers.has_success_manager",
        _("A success manager is assigned"),
        FactType.YES_NO,
        _yes_no(Q(success_manager__isnull=False)),
        order=17,
        as_of=False,
    ),
):
    facts.register(fact)
