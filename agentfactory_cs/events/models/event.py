"""What happened to customers, append-only."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Func, Value
from django.db.models.lookups import GreaterThan
from django.utils import timezone

_OLDEST_UNDER_WAY = Func(Func(function="pg_current_snapshot"), function="pg_snapshot_xmin")
_ROW: "models.Field[Any, Any]" = models.Field()


class TransactionId(models.Field):
    """PostgreSQL's number of a transaction (xid8), which never comes again."""

    def db_type(self, connection: Any) -> str:
        return "xid8"

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> int | None:
        return None if value is None else int(value)

    def get_prep_value(self, value: Any) -> Any:
        return str(value) if isinstance(value, int) else value  # PostgreSQL compares no integers with these


Place = tuple[int, int]
"""A place in the order of following: an event's transaction and id."""


class EventQuerySet(models.QuerySet["Event"]):
    def following(self, place: Place | None = None) -> "EventQuerySet":
        """Events in an order that nothing is added to behind a reader: after a place, or from the first.

        By id they could not be followed: an id is given when a row is written, but the row appears when its
        transaction ends, perhaps long after others with higher ids. So transactions are read in the order they
        began, and only up to the oldest that has not ended.
        """
        events = self.filter(transaction__lt=_OLDEST_UNDER_WAY)
        if place:  # compared as a whole, so that the index leads straight there even within a large transaction
            transaction, pk = place
            here = Func(Value(transaction, TransactionId()), Value(pk), function="ROW")
            events = events.filter(GreaterThan(Func("transaction", "id", function="ROW", output_field=_ROW), here))
        return events.order_by("transaction", "id")


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
    # Which database transaction recorded it: the order to follow events in.
    transaction = TransactionId(db_default=Func(function="pg_current_xact_id"), editable=False)

    objects = EventQuerySet.as_manager()

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
            # All events since a moment, for lists.
            models.Index(fields=("happened_at", "id"), name="event_since"),
            # What was recorded after a place, for `following`.
            models.Index(fields=("transaction", "id"), name="event_follow"),
        )

    def __str__(self) -> str:
        return f"{self.trigger} at {self.happened_at:%Y-%m-%d %H:%M}"


class Follower(models.Model):
    """How far a consumer has read the events. Made when it is first fed, at the end of what was there by then.

    Written by `consumers` only, under a lock that a second worker passes by.
    """

    consumer = models.CharField(max_length=80, primary_key=True)
    transaction = TransactionId(editable=False)
    event_id = models.BigIntegerField(default=0)
    moved_at = models.DateTimeField()
    failures = models.PositiveIntegerField(default=0, help_text="In a row, at this place.")
    error = models.TextField(blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("consumer",)

    def __str__(self) -> str:
        return self.consumer

    @property
    def place(self) -> Place:
        return self.transaction, self.event_id

    @classmethod
    def begin(cls, consumer: str, *, now: datetime) -> None:
        """Give a consumer its row, unless it has one: it will read what is recorded from now on."""
        here = Func(Func(function="pg_current_snapshot"), function="pg_snapshot_xmin")
        Follower.objects.bulk_create(
            [Follower(consumer=consumer, transaction=here, moved_at=now)], ignore_conflicts=True
        )

    @classmethod
    def take(cls, consumer: str) -> "Follower | None":
        """The locked row of a consumer; None where another worker holds it."""
        return Follower.objects.select_for_update(skip_locked=True).filter(pk=consumer).first()

    def move_to(self, place: Place, *, now: datetime) -> None:
        self.transaction, self.event_id = place
        self.moved_at, self.failures, self.error = now, 0, ""
        self.save(update_fields=("transaction", "event_id", "moved_at", "failures", "error"))

    @classmethod
    def note_failure(cls, consumer: str, error: Exception, *, now: datetime) -> None:
        words = f"{type(error).__name__}: {error}"[:2_000]
        cls.objects.filter(pk=consumer).update(failures=models.F("failures") + 1, error=words, failed_at=now)
