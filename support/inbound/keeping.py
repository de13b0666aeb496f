"""Mail is stored as it came before anything is made of it, and its bytes dropped when they are old."""

import hashlib
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError

from ..models import InboundMail

BATCH = 1_000
State = InboundMail.State


def keep(raw: bytes, *, now: datetime) -> tuple[InboundMail, bool]:
    """The row, and whether it is new: the same bytes are one mail, however often they come. Refuses none at all."""
    if not raw.strip():
        raise ValidationError("A mail has at least a line.")
    digest = hashlib.sha256(raw).hexdigest()
    return InboundMail.objects.get_or_create(digest=digest, defaults={"raw": raw, "received_at": now})


def forget_old(*, now: datetime) -> int:
    """Drop the bytes of what was taken in or filed longer ago than INBOUND_MAIL_DAYS; returns of how many.

    What a person must still look at keeps them.
    """
    before = now - timedelta(days=settings.INBOUND_MAIL_DAYS)
    done = InboundMail.objects.filter(
        received_at__lt=before, state__in=(State.TAKEN_IN, State.FILED), raw__isnull=False
    )
    dropped = 0
    while batch := list(done.order_by("received_at").values_list("pk", flat=True)[:BATCH]):
        dropped += InboundMail.objects.filter(pk__in=batch).update(raw=None)
    return dropped
