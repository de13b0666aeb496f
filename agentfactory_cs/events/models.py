"""What happened to customers, append-only."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class Event(models.Model):
    """One fact on a customer's timeline: what happened, when, by whom, with its data.

    Written by `events.services.record` in the transaction of the change it tells of, and never
    changed afterwards (a database trigger refuses updates). Timeline, playbook triggers and outgoing
    webhooks all read these rows.
    """

    id = models.BigAutoField(primary_key=True)
    customer = models.ForeignKey("customers.Customer", on_delete=models.CASCADE, related_name="events", db_index=False)
    trigger = models.CharField(max_length=80, help_text="The kind of event, such as customers.tier_changed.")
    data = models.JSONField(default=dict, blank=True)
    dedupe_key = models.CharField(
        max_length=200, null=True, blank=True, help_text="The same key is recorded once; a repeat is ignored."
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    by_label = models.CharField(max_length=150, help_text="Who did it, in words; kept when the account goes.")
    happened_at = models.DateTimeField(help_text="When it happened.")
    recorded_at = models.DateTimeField(default=timezone.now, help_text="When we learned of it.")

    class Meta:
        ordering = ("-happened_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("dedupe_key",), condition=models.Q(dedupe_key__isnull=False), name="event_recorded_once"
            ),
        )
        indexes = (
            # One customer's timeline, newest first.
            models.Index(fields=("customer", "-happened_at", "-id"), name="event_timeline"),
            # One kind of event since a moment, for triggers.
            models.Index(fields=("trigger", "happened_at"), name="event_by_trigger"),
        )

    def __str__(self) -> str:
        return f"{self.trigger} at {self.happened_at:%Y-%m-%d %H:%M}"
