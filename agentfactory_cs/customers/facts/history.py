"""What a record held at a moment, from the changes that are kept of it."""

from datetime import datetime

from django.db.models import Case, CharField, Exists, F, Model, OuterRef, Subquery, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce

from ..models import CustomerChange, SubscriptionChange


def of_customer(field: str, now: datetime) -> Case:
    return _held(CustomerChange, "customer", field, F(field), now)


def of_subscription(field: str, now: datetime) -> Case:
    return _held(SubscriptionChange, "subscription", field, Cast(field, CharField()), now)


def _held(history: type[Model], owner: str, field: str, current: Combinable, now: datetime) -> Case:
    """What the first change after the moment changed from, or what is there now.

    Whether anything changed since is asked once for everybody: of the present, where nothing did, it costs no more
    than the column itself.
    """
    later = history._default_manager.filter(field=field, changed_at__gt=now)
    first = later.filter(**{owner: OuterRef("pk")}).order_by("changed_at", "pk").values("old")[:1]
    changed = Coalesce(Subquery(first), current, output_field=CharField())
    return Case(When(Exists(later.order_by()), then=changed), default=current, output_field=CharField())
