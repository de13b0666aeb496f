"""Contracts and what changed about them."""

from datetime import datetime

from django.db import transaction

from agentfactory_cs.events.services import Actor, actor_user, record

from ..models import Subscription, SubscriptionChange
from .checking import check_and_save


@transaction.atomic
def save_subscription(subscription: Subscription, *, by: Actor = None, now: datetime) -> Subscription:
    """Create or change a contract, keeping what plan, seats, revenue and payment status were before."""
    stored = None
    if subscription.pk is not None:
        stored = Subscription.objects.select_for_update().get(pk=subscription.pk)
    check_and_save(subscription)
    if stored is None:
        data = {"plan": subscription.plan, "mrr": str(subscription.mrr), "currency": subscription.currency}
        record("customers.subscription_started", subscription.customer, data, by=by, now=now)
    else:
        _keep_changes(subscription, stored, by=by, now=now)
    return subscription


def _keep_changes(subscription: Subscription, stored: Subscription, *, by: Actor, now: datetime) -> None:
    for field in SubscriptionChange.Field:
        old, new = getattr(stored, field), getattr(subscription, field)
        if old == new:
            continue
        change = SubscriptionChange.objects.create(
            subscription=subscription,
            field=field,
            old=str(old),
            new=str(new),
            changed_at=now,
            changed_by=actor_user(by),
        )
        data = {"plan": subscription.plan, "field": change.get_field_display(), "old": str(old), "new": str(new)}
        record("customers.subscription_changed", subscription.customer, data, by=by, now=now)
