"""The team's own words on customers."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from agentfactory_cs.events.services import Actor

from ..models import Customer, Tag


@transaction.atomic
def set_tags(customer: Customer, names: Iterable[str], *, by: Actor = None, now: datetime) -> None:
    """Give a customer exactly these tags; words that are new become tags. A change of tags changes the customer."""
    wanted = set(names)
    if wanted == {tag.name for tag in customer.tags.all()}:
        return
    known = set(Tag.objects.filter(name__in=wanted).values_list("name", flat=True))
    new = [Tag(name=name) for name in sorted(wanted - known)]
    for tag in new:
        tag.clean_fields()
    Tag.objects.bulk_create(new, ignore_conflicts=True)
    customer.tags.set(Tag.objects.filter(name__in=wanted))
    customer.updated_at = now
    Customer.objects.filter(pk=customer.pk).update(updated_at=now)
