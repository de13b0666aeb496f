"""What the customer pays, by the contracts that run."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import (
    BooleanField,
    Case,
    DecimalField,
    Exists,
    F,
    IntegerField,
    Min,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast
from django.db.models.lookups import Exact, GreaterThan
from django.utils.translation import gettext_lazy as _

from ..conditions.registry import Fact, FactType, facts
from ..days import utc_day
from ..models import Customer, Subscription
from ..queries import WORST_FIRST, in_force
from .history import of_customer, of_subscription

UPGRADE_DAYS = 30
_MONEY = DecimalField(max_digits=14, decimal_places=2)


def _running(now: datetime) -> QuerySet[Subscription]:
    """The contracts of a customer that run on the day."""
    return Subscription.objects.filter(in_force(utc_day(now)), customer=OuterRef("pk")).order_by()


def _mrr(now: datetime) -> Subquery:
    revenue = Cast(of_subscription("mrr", now), _MONEY)
    by_currency = _running(now).values("currency").annotate(total=Sum(revenue)).order_by("-total")
    return Subquery(by_currency.values("total")[:1], output_field=_MONEY)


def _payment_status(now: datetime) -> Subquery:
    running = _running(now).annotate(status=of_subscription("payment_status", now))
    worst_first = running.order_by(_placed(F("status"), WORST_FIRST))
    return Subquery(worst_first.values("status")[:1])


def _placed(value: Combinable, order: Sequence[str]) -> Case:
    """The place of a word in a list of them."""
    places = (When(Exact(value, Value(word)), then=Value(at)) for at, word in enumerate(order))
    return Case(*places, output_field=IntegerField())


def _renews_on(now: datetime) -> Subquery:
    return Subquery(_running(now).values("customer").annotate(first=Min("renews_on")).values("first"))


def _renewal_past_due(now: datetime) -> Exists:
    return Exists(_running(now).filter(renews_on__lt=utc_day(now)))


def _tier_place(now: datetime) -> Case:
    return _placed(of_customer("tier", now), Customer.Tier.values)


def _upgraded(now: datetime) -> Case:
    before = now - timedelta(days=UPGRADE_DAYS)
    tier_up = GreaterThan(_tier_place(now), _tier_place(before))
    pays_more = GreaterThan(_mrr(now), _mrr(before))
    return Case(When(tier_up | pays_more, then=Value(True)), default=Value(False), output_field=BooleanField())


for fact in (
    Fact(
        "customers.mrr",
        _("Monthly revenue"),
        FactType.NUMBER,
        _mrr,
        _("Of the running contracts; where a customer pays in several currencies, in the one with most of it."),
        _("a month"),
        order=20,
    ),
    Fact(
        "customers.payment_status",
        _("Payment status"),
        FactType.CHOICE,
        _payment_status,
        _("The worst of the running contracts."),
        choices=lambda: Subscription.PaymentStatus.choices,
        order=21,
    ),
    Fact(
        "customers.renews_on",
        _("Renewal"),
        FactType.DAY,
        _renews_on,
        _("The first of the running contracts to renew. A day that was moved is known as it is now."),
        order=22,
        as_of=False,
    ),
    Fact(
        "customers.renewal_past_due",
        _("The renewal is past due"),
        FactType.YES_NO,
        _renewal_past_due,
        _("The renewal day of a contract that still runs has passed."),
        order=23,
        as_of=False,
    ),
    Fact(
        "customers.upgraded_30d",
        _("Upgraded within 30 days"),
        FactType.YES_NO,
        _upgraded,
        _("Its tier or its monthly revenue is higher than 30 days before; a first contract is no upgrade."),
        order=24,
    ),
):
    facts.register(fact)
