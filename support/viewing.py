"""Two people on one ticket see each other: who has its page open, and who is writing."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from .models import Ticket, Viewing

# Pages ask every 15 seconds; one that missed two of them is closed, or its machine asleep.
GONE_AFTER = timedelta(seconds=45)


@transaction.atomic
def look(ticket: Ticket, *, by: Any, is_writing: bool = False, now: datetime) -> None:
    """Say that somebody has the page open now; what is long past, of the ticket and of the person, is forgotten."""
    Viewing.objects.filter(Q(ticket=ticket) | Q(user=by), seen_at__lt=now - GONE_AFTER).delete()
    Viewing.objects.update_or_create(ticket=ticket, user=by, defaults={"is_writing": is_writing, "seen_at": now})


def others_at(ticket: Ticket, user: Any, now: datetime) -> QuerySet[Viewing]:
    """Who else is at a ticket, whoever is writing first."""
    here = Viewing.objects.filter(ticket=ticket, seen_at__gte=now - GONE_AFTER).exclude(user=user)
    return here.select_related("user").order_by("-is_writing", "user")
