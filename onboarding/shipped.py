"""The checklists that come with the system, put in place and published without touching anybody's work."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from agentfactory_cs.console.shipping import Loader, loaders
from agentfactory_cs.customers.models import Customer

from .checklists import in_force, publish, save_draft, shipped
from .models import Checklist


@transaction.atomic
def load_shipped(*, now: datetime) -> None:
    """A checklist for each tier, published: an onboarding cannot begin without one.

    Safe to run after every migration. A release's changed file is published only where nobody has written a
    version or a draft of their own.
    """
    for tier in Customer.Tier:
        content = shipped(tier)
        fields = {"name": content["name"], "description": content["description"]}
        checklist, _is_new = Checklist.objects.get_or_create(tier=tier, defaults=fields)
        if checklist.versions.filter(is_shipped=False).exists():
            continue
        newest = in_force(tier)
        if newest is None or newest.definition != content["definition"]:
            save_draft(checklist, content["definition"], is_shipped=True, now=now)
            publish(checklist, reason="As it comes with the system.", now=now)


loaders.register(Loader("onboarding.checklists", lambda: load_shipped(now=timezone.now())))
