"""What a playbook version would have done."""

from datetime import timedelta

from django.conf import settings
from django.db import models

from agentfactory_cs.customers.models.fields import one_of

from .playbook import PlaybookVersion


class PreviewState(models.TextChoices):
    QUEUED = "queued", "Waiting for a worker"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class Preview(models.Model):
    """The newest preview of a playbook version over 90 days, one row a version.

    Asked for by `preview.request`; worked by one worker at a time, which holds it by `claimed_at` and renews that with
    every day it has lived through: one that dies is taken up again from the beginning. `basis` says what it was
    made of (definition, settings of the playbook, days): where that has changed, it is stale, and asked for anew
    it begins again. `result` is `preview.Result` as JSON.
    """

    State = PreviewState

    # So long a worker may be silent before another takes over.
    LEASE = timedelta(minutes=10)

    version = models.OneToOneField(PlaybookVersion, on_delete=models.CASCADE, related_name="preview")
    since = models.DateField(help_text="First day (UTC) looked at.")
    until = models.DateField(help_text="Last day (UTC) looked at.")
    basis = models.CharField(max_length=64, help_text="SHA-256 of definition, settings and days.")
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    days_done = models.PositiveSmallIntegerField(default=0)
    result = models.JSONField(null=True, blank=True)
    error = models.TextField(blank=True)
    requested_at = models.DateTimeField()
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    claimed_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-requested_at", "-id")
        constraints = (
            one_of("state", PreviewState, "playbook_preview_state_known"),
            models.CheckConstraint(
                condition=models.Q(until__gte=models.F("since")), name="playbook_preview_span_in_order"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=("queued", "running"), finished_at__isnull=True)
                | models.Q(state__in=("done", "failed"), finished_at__isnull=False),
                name="playbook_preview_finished_has_its_moment",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="done") | models.Q(result__isnull=False),
                name="playbook_preview_done_has_its_result",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="failed") | ~models.Q(error=""), name="playbook_preview_failed_says_why"
            ),
        )
        indexes = (
            # What is still to be done.
            models.Index(
                fields=("requested_at",),
                condition=models.Q(state__in=("queued", "running")),
                name="playbook_preview_open",
            ),
        )

    def __str__(self) -> str:
        return f"Preview of {self.version}"

    @property
    def is_open(self) -> bool:
        return self.state in (PreviewState.QUEUED, PreviewState.RUNNING)

    @property
    def days_total(self) -> int:
        return (self.until - self.since).days + 1
