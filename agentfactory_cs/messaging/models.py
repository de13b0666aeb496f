"""What customers answer when asked, and what we tell our own people."""

from django.conf import settings
from django.db import models

from agentfactory_cs.customers.models import Contact, Customer


class SurveyKind(models.TextChoices):
    NPS = "nps", "NPS (0–10)"
    SUPPORT_CSAT = "support_csat", "Support satisfaction (1–5)"
    ONBOARDING_CSAT = "onboarding_csat", "Onboarding satisfaction (1–5)"


def _known_kind(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=models.Q(kind__in=SurveyKind.values), name=name)


class Survey(models.Model):
    """A question we put to customers. One per kind is shipped; its wording is the team's to edit."""

    kind = models.CharField(max_length=16, choices=SurveyKind, unique=True)
    name = models.CharField(max_length=100)
    question = models.CharField(max_length=300)
    is_active = models.BooleanField("active", default=True)

    class Meta:
        ordering = ("kind",)
        constraints = (_known_kind("survey_kind_known"),)

    def __str__(self) -> str:
        return self.name


class Response(models.Model):
    """One answer to a survey. Written by `messaging.services.record_response`, never changed."""

    survey = models.ForeignKey(Survey, on_delete=models.PROTECT, related_name="responses")
    kind = models.CharField(max_length=16, choices=SurveyKind, help_text="The survey's kind, kept with the answer.")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="survey_responses", db_index=False)
    contact = models.ForeignKey(
        Contact, on_delete=models.SET_NULL, null=True, blank=True, related_name="survey_responses"
    )
    external_id = models.CharField(max_length=100, unique=True, null=True, blank=True)
    score = models.PositiveSmallIntegerField()
    comment = models.TextField(blank=True)
    answered_at = models.DateTimeField()

    class Meta:
        ordering = ("-answered_at", "-id")
        constraints = (
            _known_kind("response_kind_known"),
            models.CheckConstraint(
                condition=models.Q(kind="nps", score__lte=10)
                | (~models.Q(kind="nps") & models.Q(score__gte=1, score__lte=5)),
                name="response_score_on_its_scale",
                violation_error_message="An NPS score runs from 0 to 10, a satisfaction score from 1 to 5.",
            ),
        )
        indexes = (
            # One customer's answers of a kind in a window.
            models.Index(fields=("customer", "kind", "answered_at"), name="response_by_customer"),
            # Everybody's answers of a kind in a window.
            models.Index(fields=("kind", "answered_at"), name="response_by_kind"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.score}"


class NoticeChannel(models.TextChoices):
    EMAIL = "email", "E-mail"
    SLACK = "slack", "Slack"


class NoticeState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    SENDING = "sending", "Sending"
    SENT = "sent", "Sent"
    UNCERTAIN = "uncertain", "Uncertain"
    FAILED = "failed", "Failed"


class Notice(models.Model):
    """One message to our own people, rendered and kept: an e-mail to one of them, or a post to a Slack channel.

    Written by `notices.write_to` and `notices.post_to_slack` in the transaction of what it tells of, once a
    `dedupe_key`; sent outside any transaction by `notices.deliver_due`, which marks it `sending` before the
    network call. Found in `sending` after a crash it is `uncertain`: perhaps it arrived, so it is never sent again
    by itself.
    """

    Channel = NoticeChannel
    State = NoticeState

    channel = models.CharField(max_length=5, choices=Channel)
    kind = models.CharField(max_length=60, help_text="What it is about, such as health.alerts.")
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    address = models.CharField(max_length=500, help_text="E-mail address, or Slack's webhook address.")
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField(blank=True)
    dedupe_key = models.CharField(max_length=200, unique=True)
    message_id = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True, help_text="What went wrong the last time.")
    created_at = models.DateTimeField()
    not_before = models.DateTimeField(help_text="The next attempt is made at this moment or later.")
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(channel="email", recipient__isnull=False)
                | models.Q(channel="slack", recipient__isnull=True),
                name="notice_mail_has_a_recipient",
            ),
            models.CheckConstraint(
                condition=models.Q(state="sent", sent_at__isnull=False)
                | ~models.Q(state="sent") & models.Q(sent_at__isnull=True),
                name="notice_sent_has_its_moment",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="sending") | models.Q(claimed_at__isnull=False),
                name="notice_sending_is_claimed",
            ),
        )
        indexes = (
            # What is due, and what a worker that died left in sending.
            models.Index(
                fields=("not_before", "id"), condition=models.Q(state__in=("waiting", "sending")), name="notice_due"
            ),
        )

    def __str__(self) -> str:
        return self.subject
