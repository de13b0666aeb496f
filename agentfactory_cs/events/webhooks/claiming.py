"""Taking messages that are due, a few an endpoint, and writing down what became of each.

Whoever changes both an endpoint and its messages locks the endpoint first.
"""

import random
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import F, OuterRef, Subquery

from ..models import WebhookDelivery, WebhookEndpoint
from .outages import tell_of_outage
from .rules import Answer, next_attempt, why_give_up

State = WebhookDelivery.State


@transaction.atomic
def free_stale(*, now: datetime) -> int:
    """What dead workers held is posted again, under the same id, or has failed where it is off; returns how many."""
    left = WebhookDelivery.objects.filter(state=State.SENDING, claimed_at__lt=now - WebhookDelivery.LEASE)
    freed = left.update(state=State.WAITING, claimed_at=None, error="The worker that was posting it stopped.")
    # Among them, and what was queued in the very moment of switching off: it would wait for ever, and then come late.
    for endpoint in WebhookEndpoint.objects.select_for_update().filter(is_active=False):
        fail_waiting(endpoint, endpoint.disabled_because)
    return freed


@transaction.atomic
def claim(busy: Mapping[int, int], *, most: int, an_endpoint: int, now: datetime) -> list[WebhookDelivery]:
    """Up to `most` due messages, of no endpoint more than `an_endpoint` with those that are `busy` already.

    Endpoints that have nothing under way come first, among them the one that has waited longest.
    """
    due = WebhookDelivery.objects.filter(state=State.WAITING, not_before__lte=now).order_by("not_before", "id")
    claimed: list[WebhookDelivery] = []
    for endpoint_id in sorted(_with_due(now), key=lambda pk: busy.get(pk, 0)):
        room = min(an_endpoint - busy.get(endpoint_id, 0), most - len(claimed))
        if room > 0:
            waiting = due.filter(endpoint=endpoint_id).select_related("endpoint")
            claimed += waiting.select_for_update(skip_locked=True, of=("self",))[:room]
    pks = [row.pk for row in claimed]
    WebhookDelivery.objects.filter(pk__in=pks).update(state=State.SENDING, claimed_at=now, attempts=F("attempts") + 1)
    for row in claimed:
        row.claimed_at, row.attempts = now, row.attempts + 1
    return claimed


def _with_due(now: datetime) -> list[int]:
    """Active endpoints that something is due for, by what is due longest: one look into the index for each."""
    waiting = WebhookDelivery.objects.filter(state=State.WAITING, endpoint=OuterRef("pk"))
    first = Subquery(waiting.order_by("not_before", "id").values("not_before")[:1])
    active = WebhookEndpoint.objects.filter(is_active=True).annotate(first=first)
    return list(active.filter(first__lte=now).order_by("first", "pk").values_list("pk", flat=True))


@transaction.atomic
def settle(row: WebhookDelivery, answer: Answer, *, now: datetime) -> None:
    """What became of an attempt. Nothing happens where the lease ran out and the message is another's by now."""
    endpoint = WebhookEndpoint.objects.select_for_update().filter(pk=row.endpoint_id).first()
    mine = WebhookDelivery.objects.filter(pk=row.pk, state=State.SENDING, claimed_at=row.claimed_at)
    heard = {"status": answer.status, "answer": answer.text, "error": answer.error, "took_ms": answer.took_ms}
    if endpoint is None:
        return
    if not answer.error:
        mine.update(state=State.DELIVERED, delivered_at=now, claimed_at=None, **heard)
        _note_success(endpoint)
        return
    again = next_attempt(row.attempts, now, random.random())  # noqa: S311 - spreads attempts, no secret
    if not endpoint.is_active:
        again, heard["error"] = None, f"{answer.error} {_off(endpoint.disabled_because)}"
    state = State.WAITING if again else State.FAILED
    if mine.update(state=state, not_before=again or now, claimed_at=None, **heard):
        _note_failure(endpoint, answer, now)


def _note_success(endpoint: WebhookEndpoint) -> None:
    if endpoint.failing_since:
        endpoint.failures, endpoint.failing_since = 0, None
        endpoint.save(update_fields=("failures", "failing_since"))


def _note_failure(endpoint: WebhookEndpoint, answer: Answer, now: datetime) -> None:
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
    fail_waiting(endpoint, reason)


def fail_waiting(endpoint: WebhookEndpoint, reason: str) -> int:
    """What waits for a locked endpoint that was switched off for this reason has failed; returns how many."""
    waiting = endpoint.deliveries.filter(state=State.WAITING)
    return waiting.update(state=State.FAILED, error=_off(reason))


def _off(reason: str) -> str:
    return f"The webhook was switched off: {reason}"
