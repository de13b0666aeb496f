"""What we tell our own people."""

from django.conf import settings
from django.db import models


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
