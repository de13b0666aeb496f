"""Taking messages that are due, a few an endpoint, and writing down what became of each."""

import random
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import F

from ..models import WebhookDelivery, WebhookEndpoint
from .outages import tell_of_outage
from .rules import Answer, next_attempt, why_give_up

State = WebhookDelivery.State


def free_stale(*, now: datetime) -> int:
    """What dead workers held is posted again, under the same id; returns how many."""
    left = WebhookDelivery.objects.filter(state=State.SENDING, claimed_at__lt=now - WebhookDelivery.LEASE)
    return left.update(state=State.WAITING, claimed_at=None, error="The worker that was posting it stopped.")


@transaction.atomic
def claim(busy: Mapping[int, int], *, most: int, an_endpoint: int, now: datetime) -> list[WebhookDelivery]:
    """Up to `most` due messages, of no endpoint more than `an_endpoint` with those that are `busy` already."""
    due = WebhookDelivery.objects.filter(state=State.WAITING, not_before__lte=now, endpoint__is_active=True)
    claimed: list[WebhookDelivery] = []
    for endpoint_id in due.order_by().values_list("endpoint", flat=True).distinct():
        room = min(an_endpoint - busy.get(endpoint_id, 0), most - len(claimed))
        if room > 0:
            waiting = due.filter(endpoint=endpoint_id).order_by("not_before", "id").select_related("endpoint")
            claimed += waiting.select_for_update(skip_locked=True, of=("self",))[:room]
    pks = [row.pk for row in claimed]
    WebhookDelivery.objects.filter(pk__in=pks).update(state=State.SENDING, claimed_at=now, attempts=F("attempts") + 1)
    for row in claimed:
        row.claimed_at, row.attempts = now, row.attempts + 1
    return claimed


@transaction.atomic
def settle(row: WebhookDelivery, answer: Answer, *, now: datetime) -> None:
    """What became of an attempt. Nothing happens where the lease ran out and the message is another's by now."""
    mine = WebhookDelivery.objects.filter(pk=row.pk, state=State.SENDING, claimed_at=row.claimed_at)
    heard = {"status": answer.status, "answer": answer.text, "error": answer.error, "took_ms": answer.took_ms}
    if not answer.error:
        mine.update(state=State.DELIVERED, delivered_at=now, claimed_at=None, **heard)
        recovered = WebhookEndpoint.objects.filter(pk=row.endpoint_id, failing_since__isnull=False)
        recovered.update(failures=0, failing_since=None)
        return
    again = next_attempt(row.attempts, now, random.random())  # noqa: S311 - spreads attempts, no secret
    state = State.WAITING if again else State.FAILED
    if mine.update(state=state, not_before=again or now, claimed_at=None, **heard):
        _note_failure(row.endpoint_id, answer, now)


def _note_failure(endpoint_id: int, answer: Answer, now: datetime) -> None:
    endpoint = WebhookEndpoint.objects.select_for_update().get(pk=endpoint_id)
    endpoint.failures, endpoint.failing_since = endpoint.failures + 1, endpoint.failing_since or now
    endpoint.save(update_fields=("failures", "failing_since"))
    reason = why_give_up(answer, endpoint.failures, endpoint.failing_since, now)
    if reason and endpoint.is_active:
        disable(endpoint, reason)
        tell_of_outage(endpoint, now)


def disable(endpoint: WebhookEndpoint, reason: str) -> None:
    """Switch a locked endpoint off; what waits for it has failed, and says why."""
    endpoint.is_active, endpoint.disabled_because = False, reason[:300]
    endpoint.save(update_fields=("is_active", "disabled_because"))
    waiting = endpoint.deliveries.filter(state=State.WAITING)
    waiting.update(state=State.FAILED, error=f"The webhook was switched off: {reason}")
