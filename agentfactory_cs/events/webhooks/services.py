"""What people do with webhooks: make, change, rotate, switch off and on, test, send again."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from ..models import WebhookDelivery, WebhookEndpoint
from ..models.webhook import new_secret
from ..registry import triggers
from ..services import Actor, actor_label, actor_user
from .claiming import disable, fail_waiting
from .guard import Forbidden, place_of
from .queueing import TEST, queue

# So long both secrets sign after a rotation.
OVERLAP = timedelta(days=1)
State = WebhookDelivery.State


def save_endpoint(endpoint: WebhookEndpoint, *, by: Actor = None, now: datetime) -> WebhookEndpoint:
    """Create or change one. ValidationError for an address we do not post to, and for events there are not."""
    if endpoint.pk is None:
        endpoint.created_at, endpoint.created_by = now, actor_user(by)
    endpoint.full_clean()
    _check(endpoint)
    is_new = endpoint.pk is None
    # Asking for the address takes time: what became of secret and state meanwhile stays.
    endpoint.save(update_fields=None if is_new else ("address", "description", "triggers"))
    return endpoint


def _check(endpoint: WebhookEndpoint) -> None:
    wrong: dict[str, ValidationError] = {}
    for name, check in (("address", check_address), ("triggers", check_triggers)):
        try:
            check(getattr(endpoint, name))
        except ValidationError as error:
            wrong[name] = error
    if wrong:
        raise ValidationError(wrong)


def check_triggers(keys: Iterable[str]) -> None:
    """ValidationError for an event there is not."""
    if unknown := sorted(key for key in keys if key not in triggers):
        raise ValidationError(f"There is no event “{unknown[0]}”.")


def check_address(address: str) -> None:
    """ValidationError for one that we do not post to, or that leads nowhere. Asks the name server."""
    try:
        place_of(address)
    except Forbidden as refusal:
        raise ValidationError(str(refusal)) from None
    except (OSError, UnicodeError):
        raise ValidationError("The name in this address leads nowhere: it is not known.") from None


def remove_endpoint(endpoint: WebhookEndpoint, *, by: Actor = None, now: datetime) -> None:
    """With everything that was sent to it."""
    endpoint.delete()


@transaction.atomic
def rotate_secret(endpoint: WebhookEndpoint, *, now: datetime) -> WebhookEndpoint:
    """A new secret; for a day messages are signed by both, so that the receiver can change over."""
    stored = _locked(endpoint)
    stored.previous_secret, stored.previous_until = stored.secret, now + OVERLAP
    stored.secret = new_secret()
    stored.save(update_fields=("secret", "previous_secret", "previous_until"))
    return stored


@transaction.atomic
def switch_off(endpoint: WebhookEndpoint, *, reason: str, by: Actor = None) -> WebhookEndpoint:
    """Nothing is posted to it until it is switched on; what waits has failed."""
    stored = _locked(endpoint)
    if not stored.is_active:
        raise ValidationError("It is switched off already.", code="conflict")
    disable(stored, reason.strip() or f"Switched off by {actor_label(by)}.")
    return stored


@transaction.atomic
def switch_on(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    """It gets what happens from now on. Nothing comes late by itself: what was left has failed, to be sent again."""
    stored = _locked(endpoint)
    if stored.is_active:
        raise ValidationError("It is switched on already.", code="conflict")
    fail_waiting(stored, stored.disabled_because)
    stored.is_active, stored.disabled_because, stored.failures, stored.failing_since = True, "", 0, None
    stored.save(update_fields=("is_active", "disabled_because", "failures", "failing_since"))
    return stored


def send_test(endpoint: WebhookEndpoint, *, by: Actor = None, now: datetime) -> WebhookDelivery:
    """Queue a message that tells nothing but that it works."""
    _must_be_on(endpoint)
    data = {"message": f"A test, asked for by {actor_label(by)}."}
    queued = queue(endpoint, message_id=f"test_{now.timestamp():.6f}", kind=TEST, data=data, now=now)
    if queued is None:
        raise ValidationError("A test was asked for in this very moment.", code="conflict")
    return queued


@transaction.atomic
def send_again(delivery: WebhookDelivery, *, now: datetime) -> WebhookDelivery:
    """Post what was delivered or has failed once more, under the same id."""
    _must_be_on(_locked(delivery.endpoint))
    row = WebhookDelivery.objects.select_for_update(of=("self",)).select_related("endpoint").get(pk=delivery.pk)
    if State.WAITING not in WebhookDelivery.TRANSITIONS[State(row.state)] or row.state == State.SENDING:
        raise ValidationError(
            f"A delivery that is {row.get_state_display().lower()} is not sent again.", code="conflict"
        )
    row.state, row.attempts, row.not_before, row.delivered_at, row.claimed_at = State.WAITING, 0, now, None, None
    row.save(update_fields=("state", "attempts", "not_before", "delivered_at", "claimed_at"))
    return row


@transaction.atomic
def send_failed_again(endpoint: WebhookEndpoint, *, since: datetime, now: datetime) -> int:
    """Everything that failed and was made since a moment; returns how many."""
    _must_be_on(_locked(endpoint))
    failed: QuerySet[WebhookDelivery] = endpoint.deliveries.filter(state=State.FAILED, created_at__gte=since)
    return failed.update(state=State.WAITING, attempts=0, not_before=now, claimed_at=None)


def forget_old(*, now: datetime) -> int:
    """Drop what was sent, or failed, longer ago than WEBHOOK_DELIVERY_DAYS; returns how many."""
    before = now - timedelta(days=settings.WEBHOOK_DELIVERY_DAYS)
    settled = WebhookDelivery.objects.filter(state__in=(State.DELIVERED, State.FAILED), created_at__lt=before)
    return settled.delete()[0]


def _must_be_on(endpoint: WebhookEndpoint) -> None:
    if not endpoint.is_active:
        raise ValidationError("This webhook is switched off: switch it on first.", code="conflict")


def _locked(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    return WebhookEndpoint.objects.select_for_update(of=("self",)).get(pk=endpoint.pk)
