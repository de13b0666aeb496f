"""The team's own words on customers."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from agentfactory_cs.events.services import Actor

from ..models import Customer, Tag


@transaction.atomic
def set_tags(customer: Customer, names: Iterable[str], *, by: Actor = None, now: datetime) -> None:
    """Give a customer exactly these tags; words that are new become tags."""
    wanted = set(names)
    tags = {tag.name: tag for tag in Tag.objects.filter(name__in=wanted)}
    for name in sorted(wanted - tags.keys()):
        tag = Tag(name=name)
        tag.full_clean()
        tag.save()
        tags[name] = tag
    customer.tags.set(tags.values())
