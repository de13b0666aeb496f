"""Keeping deliveries: one statement when they come, so that the sender has its answer at once; dropped when old."""

import hashlib
import json
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet

from ..models import PlatformDelivery
from .reading import Delivery, read

# The sender repeats for 36 minutes; conversations, which are many, are not kept much longer once they are applied.
CONVERSATIONS_FOR = timedelta(days=2)
BATCH = 10_000

_KEEP = """
INSERT INTO onboarding_platformdelivery
    (body_hash, event, happened_at, tenant_id, user_id, data, state, received_at, repeats, error)
VALUES (%s, %s, %s, %s, %s, %s, 'waiting', %s, 0, '')
ON CONFLICT (body_hash) DO UPDATE SET repeats = onboarding_platformdelivery.repeats + 1
RETURNING (xmax = 0)"""


def take_in(raw: bytes, *, now: datetime) -> tuple[Delivery, bool]:
    """Keep what came, as its raw body; whether it is new, or a repeat that was counted. Raises BadDelivery."""
    delivery = read(raw, now=now)
    told = (delivery.event, delivery.happened_at, delivery.tenant_id, delivery.user_id, json.dumps(delivery.data))
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, [hashlib.sha256(raw).hexdigest(), *told, now])
        return delivery, bool(cursor.fetchone()[0])


def forget_old(*, now: datetime) -> int:
    """Drop what came longer ago than PLATFORM_DELIVERY_DAYS, strangers too; returns how many. In batches."""
    old = PlatformDelivery.objects.filter(received_at__lt=now - timedelta(days=settings.PLATFORM_DELIVERY_DAYS))
    applied = Q(state=PlatformDelivery.State.APPLIED, event__startswith="conversation.")
    talk = PlatformDelivery.objects.filter(applied, received_at__lt=now - CONVERSATIONS_FOR)
    return _drop(old) + _drop(talk)


def _drop(deliveries: "QuerySet[PlatformDelivery]") -> int:
    dropped = 0
    while batch := list(deliveries.order_by("received_at").values_list("pk", flat=True)[:BATCH]):
        dropped += PlatformDelivery.objects.filter(pk__in=batch).delete()[0]
    return dropped
