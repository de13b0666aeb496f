"""Mail to customers: what is to be sent, was sent, or was not and why."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower

from agentfactory_cs.customers.models import Contact, Customer
from agentfactory_cs.customers.models.fields import one_of

from .templates import MailTemplate, MailTemplateVersion, Topic


class EmailState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    HELD = "held", "Held for a person"
    SENDING = "sending", "Sending"
    SENT = "sent", "Sent"
    UNCERTAIN = "uncertain", "Uncertain"
    FAILED = "failed", "Failed"
    WITHHELD = "withheld", "Not sent"


class EmailQuerySet(models.QuerySet["Email"]):
    def due(self, now: datetime) -> "EmailQuerySet":
        """What may be claimed."""
        return self.filter(state=EmailState.WAITING, not_before__lte=now, claimed_at__isnull=True)

    def left_behind(self, now: datetime) -> "EmailQuerySet":
        """What a worker still holds though it has had its time: it died."""
        return self.filter(claimed_at__lt=now - Email.LEASE)


class Email(models.Model):
    """One mail to one reader, from the wish to send it to what became of it: a customer's contact, or whoever an
    address was given for, customer or not.

    Written by `outbox.queue` in the transaction of what asked for it, once a `dedupe_key`. When it is due,
    `sending` claims it in a batch (`claimed_at`) and asks whether it may go (suppression, topic, cap, quiet hours,
    a reply, whether whoever asked still wants it): it is postponed or withheld, with the reason in `reason`, or
    rendered and stored as its reader will see it, with its Message-ID. It becomes `sending` when its turn comes,
    just before the network call, and `sent` just after: of a worker that dies one mail at most is `sending`.
    That one is then `uncertain`: reconciled by the provider's webhook or shown to a person, never sent again by
    itself; what else the worker had claimed is free again. Transitions are TRANSITIONS.
    """

    State = EmailState

    # So long a worker may hold what it claimed; it stops well before (`sending`), and `sweeping` looks after the rest.
    LEASE = timedelta(minutes=10)

    # A state, and those that may follow it.
    TRANSITIONS = {
        EmailState.WAITING: (EmailState.SENDING, EmailState.HELD, EmailState.WITHHELD),
        EmailState.HELD: (EmailState.WAITING, EmailState.WITHHELD),
        EmailState.SENDING: (EmailState.SENT, EmailState.WAITING, EmailState.FAILED, EmailState.UNCERTAIN),
        EmailState.UNCERTAIN: (EmailState.SENT, EmailState.WAITING, EmailState.FAILED),
        EmailState.FAILED: (EmailState.WAITING,),
        EmailState.SENT: (),
        EmailState.WITHHELD: (EmailState.WAITING,),
    }

    id = models.BigAutoField(primary_key=True)
    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, null=True, blank=True, related_name="emails", db_index=False
    )
    contact = models.ForeignKey(
        Contact, on_delete=models.SET_NULL, null=True, blank=True, related_name="emails", db_index=False
    )
    to_address = models.EmailField(blank=True, help_text="Where it goes, where that is not its contact's own address.")
    language = models.CharField(max_length=8, blank=True, help_text="In which it is written; empty: its contact's.")
    headers = models.JSONField(default=dict, blank=True, help_text="Given with it, such as In-Reply-To.")
    template = models.ForeignKey(MailTemplate, on_delete=models.PROTECT, related_name="+", db_index=False)
    topic = models.ForeignKey(Topic, on_delete=models.PROTECT, related_name="+", db_index=False)
    dedupe_key = models.CharField(max_length=200, unique=True, help_text="The same key is queued once.")
    source = models.CharField(max_length=60, blank=True, help_text="Who asked for it, such as playbooks.step.")
    source_id = models.BigIntegerField(null=True, blank=True)
    context = models.JSONField(default=dict, blank=True, help_text="Plain data for its template, beside the usual.")
    is_automatic = models.BooleanField(default=True, help_text="Counts for the cap and keeps quiet hours.")

    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    reason = models.TextField(blank=True, help_text="Why it waits longer, is held, was not sent, or failed.")
    postponed = models.PositiveSmallIntegerField(default=0, help_text="How often it was put off.")
    attempts = models.PositiveSmallIntegerField(default=0)

    version = models.ForeignKey(
        MailTemplateVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    address = models.CharField(max_length=254, blank=True, help_text="Where it went.")
    subject = models.CharField(max_length=250, blank=True)
    html = models.TextField(blank=True)
    text = models.TextField(blank=True)
    message_id = models.CharField(max_length=200, blank=True)
    provider_id = models.CharField(max_length=200, blank=True, help_text="The provider's id of it.")

    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    due_at = models.DateTimeField(help_text="When it was to go out.")
    not_before = models.DateTimeField(help_text="The next attempt is made at this moment or later.")
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Later than this it is not sent any more.")
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    clicked_at = models.DateTimeField(null=True, blank=True)
    bounced_at = models.DateTimeField(null=True, blank=True)
    complained_at = models.DateTimeField(null=True, blank=True)

    objects = EmailQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        verbose_name = "e-mail"
        constraints = (
            one_of("state", EmailState, "email_state_known"),
            models.CheckConstraint(
                condition=models.Q(customer__isnull=False) | ~models.Q(to_address=""), name="email_has_a_reader"
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=("sending", "sent", "uncertain"))
                | ~models.Q(message_id="") & ~models.Q(address="") & ~models.Q(subject=""),
                name="email_on_its_way_is_rendered",
            ),
            models.CheckConstraint(
                condition=models.Q(state="sent", sent_at__isnull=False)
                | ~models.Q(state="sent") & models.Q(sent_at__isnull=True),
                name="email_sent_has_its_moment",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="sending") | models.Q(claimed_at__isnull=False),
                name="email_sending_is_claimed",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=("held", "withheld", "failed")) | ~models.Q(reason=""),
                name="email_not_sent_says_why",
            ),
        )
        indexes = (
            # What is due.
            models.Index(fields=("not_before", "id"), condition=models.Q(state="waiting"), name="email_due"),
            # What a worker holds, or left behind when it died.
            models.Index(fields=("claimed_at",), condition=models.Q(claimed_at__isnull=False), name="email_claimed"),
            # What a person must look at.
            models.Index(
                fields=("-id",),
                condition=models.Q(state__in=("held", "uncertain", "failed")),
                name="email_for_a_person",
            ),
            # How much did this contact get within seven days?
            models.Index(fields=("contact", "sent_at"), condition=models.Q(state="sent"), name="email_of_contact"),
            # How often was this template sent within thirty days?
            models.Index(fields=("template", "sent_at"), condition=models.Q(state="sent"), name="email_of_template"),
            # A customer's mails, newest first.
            models.Index(fields=("customer", "-id"), name="email_of_customer"),
            # Whoever asked for it looks for what became of it.
            models.Index(fields=("source", "source_id"), name="email_of_source"),
            # The provider tells what became of a Message-ID or of its own id.
            models.Index(fields=("message_id",), condition=~models.Q(message_id=""), name="email_by_message_id"),
            models.Index(fields=("provider_id",), condition=~models.Q(provider_id=""), name="email_by_provider_id"),
        )

    def __str__(self) -> str:
        return self.subject or str(self.template)

    @property
    def reader_address(self) -> str:
        """Where it goes; empty where there is nobody. Its contact is loaded."""
        return self.to_address or (self.contact.email if self.contact else "")


class EmailEventKind(models.TextChoices):
    DELIVERED = "delivered", "Delivered"
    BOUNCED = "bounced", "Bounced"
    COMPLAINED = "complained", "Complained"
    OPENED = "opened", "Opened"
    CLICKED = "clicked", "Clicked"
    UNSUBSCRIBED = "unsubscribed", "Unsubscribed"
    DEFERRED = "deferred", "Deferred"
    REJECTED = "rejected", "Rejected"


class EmailEvent(models.Model):
    """What a provider told of a mail, once each (`dedupe_key`). Written by `tracking.take_in`, never changed."""

    Kind = EmailEventKind

    email = models.ForeignKey(Email, on_delete=models.CASCADE, related_name="tracking", null=True, blank=True)
    address = models.CharField(max_length=254)
    kind = models.CharField(max_length=12, choices=Kind)
    detail = models.TextField(blank=True, help_text="The provider's reason, or the address that was clicked.")
    dedupe_key = models.CharField(max_length=64, unique=True, help_text="SHA-256 of what makes it this event.")
    happened_at = models.DateTimeField()
    received_at = models.DateTimeField()

    class Meta:
        ordering = ("-happened_at", "-id")
        constraints = (one_of("kind", EmailEventKind, "email_event_kind_known"),)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} at {self.happened_at:%Y-%m-%d %H:%M}"


class SuppressionReason(models.TextChoices):
    UNSUBSCRIBED = "unsubscribed", "Unsubscribed"
    BOUNCED = "bounced", "Bounced"
    COMPLAINED = "complained", "Complained"
    BY_HAND = "by_hand", "By hand"


class Suppression(models.Model):
    """An address nothing is sent to: of one topic, or (without one) of any but transactional mail.

    A bounced or complaining address gets nothing at all. Written by `suppression`; lifting one keeps the row.
    """

    Reason = SuppressionReason

    address = models.CharField(max_length=254, help_text="In small letters.")
    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=12, choices=Reason)
    detail = models.TextField(blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    lift_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")
        verbose_name = "address on the never-again list"
        verbose_name_plural = "addresses on the never-again list"
        constraints = (
            one_of("reason", SuppressionReason, "suppression_reason_known"),
            models.UniqueConstraint(
                fields=("address", "topic"),
                condition=models.Q(lifted_at__isnull=True),
                nulls_distinct=False,
                name="suppression_once_in_force",
            ),
            models.CheckConstraint(
                condition=models.Q(address=Lower("address")), name="suppression_address_in_small_letters"
            ),
            models.CheckConstraint(
                condition=models.Q(lifted_by__isnull=True) | models.Q(lifted_at__isnull=False),
                name="suppression_lifted_by_has_its_moment",
            ),
        )

    def __str__(self) -> str:
        return f"{self.address}: {self.get_reason_display().lower()}"


class SendingPace(models.Model):
    """How many mails may go out by one provider, shared by all workers: a bucket refilled as time passes.

    One row a provider, made when first asked; taken from by a conditional update (`pace.take`). Where the provider
    refuses us as a whole (password, sender), `pace.stop` keeps everybody from asking until `stopped_until`, with
    the reason; the next mail that goes through clears both.
    """

    provider = models.CharField(max_length=40, primary_key=True)
    per_second = models.FloatField(default=50, help_text="Mails a second; 0: no limit.")
    tokens = models.FloatField(default=0)
    refilled_at = models.DateTimeField()
    stopped_until = models.DateTimeField(null=True, blank=True)
    stop_reason = models.TextField(blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(per_second__gte=0), name="sending_pace_not_negative"),
            models.CheckConstraint(
                condition=models.Q(stopped_until__isnull=True) | ~models.Q(stop_reason=""),
                name="sending_stopped_says_why",
            ),
        )

    def __str__(self) -> str:
        return f"{self.provider}: {self.per_second:g} a second"
