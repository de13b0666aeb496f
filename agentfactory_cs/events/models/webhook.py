"""Outgoing webhooks: where events are sent, and what became of each."""

import base64
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from .event import Event


def new_secret() -> str:
    """As Standard Webhooks writes them: 32 random bytes."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


class WebhookEndpoint(models.Model):
    """An address outside that is told of events, signed by a secret that only the two of us know.

    Written by `events.webhooks.services`; its run of failures by `events.webhooks.delivery`. One that is switched
    off says why in `disabled_because`. While `previous_until` lies ahead, every message is signed by the secret
    before as well.
    """

    address = models.URLField(max_length=500, help_text="Where we post to; https.")
    description = models.CharField(max_length=120, help_text="Whose it is and what for.")
    triggers = ArrayField(
        models.CharField(max_length=80), default=list, blank=True, help_text="The kinds of event it gets; none: all."
    )
    secret = models.CharField(max_length=100, default=new_secret, editable=False)
    previous_secret = models.CharField(max_length=100, blank=True, editable=False)
    previous_until = models.DateTimeField(null=True, blank=True, editable=False)
    is_active = models.BooleanField("active", default=True, editable=False)
    disabled_because = models.CharField(max_length=300, blank=True, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False, help_text="Failed attempts in a row.")
    failing_since = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )

    class Meta:
        ordering = ("description", "id")
        verbose_name = "webhook"
        constraints = (
            models.CheckConstraint(
                condition=models.Q(is_active=True, disabled_because="")
                | models.Q(is_active=False) & ~models.Q(disabled_because=""),
                name="webhook_endpoint_off_says_why",
            ),
            models.CheckConstraint(
                condition=models.Q(previous_secret="", previous_until__isnull=True)
                | ~models.Q(previous_secret="") & models.Q(previous_until__isnull=False),
                name="webhook_endpoint_previous_secret_ends",
            ),
        )

    def __str__(self) -> str:
        return self.description

    def wants(self, trigger: str) -> bool:
        return not self.triggers or trigger in self.triggers

    def secrets_at(self, now: datetime) -> list[str]:
        """What messages are signed by, the one in force first."""
        overlaps = self.previous_until is not None and now < self.previous_until
        return [self.secret, self.previous_secret] if overlaps else [self.secret]


class WebhookDeliveryState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    SENDING = "sending", "Sending"
    DELIVERED = "delivered", "Delivered"
    FAILED = "failed", "Failed"


class WebhookDelivery(models.Model):
    """One message to one endpoint: an event, a test, or a step of a playbook.

    Made in the transaction that calls for it, once a `message_id` and endpoint; posted outside any transaction.
    Found in `sending` after its lease has run out it is posted again under the same `message_id`, by which a
    receiver knows what it has had: at least once, never not at all. Kept for WEBHOOK_DELIVERY_DAYS.
    """

    State = WebhookDeliveryState

    # So long a worker may hold what it claimed; a post takes seconds.
    LEASE = timedelta(minutes=5)

    TRANSITIONS = {
        WebhookDeliveryState.WAITING: (WebhookDeliveryState.SENDING, WebhookDeliveryState.FAILED),
        WebhookDeliveryState.SENDING: (
            WebhookDeliveryState.DELIVERED,
            WebhookDeliveryState.WAITING,
            WebhookDeliveryState.FAILED,
        ),
        WebhookDeliveryState.DELIVERED: (WebhookDeliveryState.WAITING,),
        WebhookDeliveryState.FAILED: (WebhookDeliveryState.WAITING,),
    }

    id = models.BigAutoField(primary_key=True)
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    message_id = models.CharField(max_length=80, help_text="The webhook-id: the same with every attempt.")
    type = models.CharField(max_length=80, help_text="The kind of event, such as customers.tier_changed.")
    body = models.TextField(help_text="What is posted, to the letter: it is what the signature is about.")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(help_text="The next attempt is made at this moment or later.")
    claimed_at = models.DateTimeField(null=True, blank=True)
    status = models.PositiveSmallIntegerField(null=True, blank=True, help_text="HTTP status of the last answer.")
    answer = models.TextField(blank=True, help_text="The first kilobyte of the last answer.")
    error = models.TextField(blank=True, help_text="What went wrong the last time.")
    took_ms = models.PositiveIntegerField(null=True, blank=True, help_text="Milliseconds of the last attempt.")
    created_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        verbose_name = "webhook delivery"
        verbose_name_plural = "webhook deliveries"
        constraints = (
            models.UniqueConstraint(fields=("endpoint", "message_id"), name="webhook_delivery_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=WebhookDeliveryState.values), name="webhook_delivery_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state="delivered", delivered_at__isnull=False)
                | ~models.Q(state="delivered") & models.Q(delivered_at__isnull=True),
                name="webhook_delivery_delivered_has_its_moment",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="sending") | models.Q(claimed_at__isnull=False),
                name="webhook_delivery_sending_is_claimed",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="failed") | ~models.Q(error=""), name="webhook_delivery_failed_says_why"
            ),
        )
        indexes = (
            # What is due, endpoint by endpoint.
            models.Index(
                fields=("endpoint", "not_before", "id"), condition=models.Q(state="waiting"), name="webhook_due"
            ),
            # What a worker holds, or left behind when it died.
            models.Index(fields=("claimed_at",), condition=models.Q(state="sending"), name="webhook_claimed"),
            # What failed, newest first, to be looked at and sent again.
            models.Index(fields=("endpoint", "-id"), condition=models.Q(state="failed"), name="webhook_failed"),
            # What is old enough to be forgotten.
            models.Index(fields=("created_at",), name="webhook_by_age"),
        )

    def __str__(self) -> str:
        return f"{self.type} to {self.endpoint}"
