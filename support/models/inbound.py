"""Mail that came in, as it came, and what was made of it."""

from django.db import models

from agentfactory_cs.customers.models.fields import one_of

from .thread import Message


class InboundKind(models.TextChoices):
    ORDINARY = "ordinary", "Ordinary mail"
    BOUNCE = "bounce", "Bounce"
    COMPLAINT = "complaint", "Complaint report"
    AUTOMATIC = "automatic", "Automatic mail"


class InboundState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    TAKEN_IN = "taken_in", "Taken in"
    FILED = "filed", "Filed without an answer"
    THROTTLED = "throttled", "Held: too many from this sender"
    FAILED = "failed", "Could not be read"


# What waits for somebody to decide.
FOR_A_PERSON = (InboundState.THROTTLED, InboundState.FAILED)


class InboundMail(models.Model):
    """One mail as it arrived, stored before anything is made of it, so that none is lost.

    `digest` (SHA-256 of its bytes) tells the same mail fetched twice. Read by `inbound`; `because` says what was made
    of it and why. The raw bytes are dropped after INBOUND_MAIL_DAYS.
    """

    Kind = InboundKind
    State = InboundState

    id = models.BigAutoField(primary_key=True)
    digest = models.CharField(max_length=64, unique=True)
    raw = models.BinaryField(null=True)
    sender = models.CharField(max_length=320, blank=True, help_text="The address it says it is from.")
    recipient = models.CharField(max_length=320, blank=True)
    subject = models.CharField(max_length=250, blank=True)
    kind = models.CharField(max_length=9, choices=Kind, blank=True)
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    because = models.CharField(max_length=400, blank=True)
    message = models.ForeignKey(
        Message, on_delete=models.SET_NULL, null=True, blank=True, related_name="inbound", db_index=False
    )
    received_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(
        default=0, help_text="How often reading was begun: what stops its worker is not read for ever."
    )

    class Meta:
        ordering = ("-id",)
        verbose_name_plural = "inbound mail"
        constraints = (
            one_of("state", InboundState, "inbound_state_known"),
            models.CheckConstraint(
                condition=models.Q(state="waiting", read_at__isnull=True)
                | ~models.Q(state="waiting") & models.Q(read_at__isnull=False) & ~models.Q(because=""),
                name="inbound_read_has_its_moment_and_reason",
            ),
        )
        indexes = (
            models.Index(fields=("id",), condition=models.Q(state="waiting"), name="inbound_waiting"),
            # What a person must look at.
            models.Index(
                fields=("-id",), condition=models.Q(state__in=("throttled", "failed")), name="inbound_for_a_person"
            ),
            # How many lately from one sender?
            models.Index(fields=("sender", "received_at"), name="inbound_of_sender"),
            models.Index(fields=("message",), condition=models.Q(message__isnull=False), name="inbound_of_message"),
            models.Index(fields=("received_at",), name="inbound_by_arrival"),
        )

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.sender, self.subject))) or f"Mail {self.pk}"
