"""Making the messages: for each event and endpoint a row, in the transaction that calls for it."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from ..models import Event, WebhookDelivery, WebhookEndpoint

TEST = "webhooks.test"


def on_events(events: Sequence[Event], now: datetime) -> int:
    """The consumer of events: a message to each endpoint that wants it; returns how many. Two queries a batch."""
    endpoints = list(WebhookEndpoint.objects.filter(is_active=True))
    rows = [
        _row(endpoint, f"evt_{event.pk}", event.trigger, event.happened_at, told_of(event), now, event)
        for event in events
        for endpoint in endpoints
        if endpoint.wants(event.trigger)
    ]
    WebhookDelivery.objects.bulk_create(rows, ignore_conflicts=True, batch_size=2_000)
    return len(rows)


def told_of(event: Event) -> dict[str, Any]:
    """What a message says of an event."""
    return {
        "event": event.pk,
        "customer": customer_of(event.customer),
        "by": event.by_label,
        "details": event.data,
    }


def customer_of(customer: Any) -> dict[str, Any]:
    return {"id": customer.pk, "external_id": customer.external_id, "name": customer.name}


def queue(
    endpoint: WebhookEndpoint, *, message_id: str, kind: str, data: Mapping[str, Any], now: datetime
) -> WebhookDelivery | None:
    """One message of another kind; None where this `message_id` was queued for the endpoint before."""
    row = _row(endpoint, message_id, kind, now, data, now)
    values = {"type": row.type, "body": row.body, "not_before": now, "created_at": now}
    stored, is_new = WebhookDelivery.objects.get_or_create(endpoint=endpoint, message_id=message_id, defaults=values)
    return stored if is_new else None


def _row(
    endpoint: WebhookEndpoint,
    message_id: str,
    kind: str,
    happened_at: datetime,
    data: Mapping[str, Any],
    now: datetime,
    event: Event | None = None,
) -> WebhookDelivery:
    message = {"type": kind, "timestamp": happened_at.astimezone(UTC).isoformat(), "data": data}
    body = json.dumps(message, cls=DjangoJSONEncoder, ensure_ascii=False, separators=(",", ":"))
    return WebhookDelivery(
        endpoint=endpoint, event=event, message_id=message_id, type=kind, body=body, not_before=now, created_at=now
    )
