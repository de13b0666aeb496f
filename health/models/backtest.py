"""Whether the score saw coming who left."""

from django.conf import settings
from django.db import models

from .scorecard import ScorecardVersion


class BacktestState(models.TextChoices):
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class Backtest(models.Model):
    """A replay of past month ends with one scorecard version, held against who left within the horizon.

    Made by `backtesting.start`; worked by one worker at a time, which holds it by `claimed_at`; its `result`
    is `backtesting.Result` as JSON. Without a version, several were in force and are replayed together, each for
    its tiers.
    """

    State = BacktestState

    version = models.ForeignKey(ScorecardVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    since = models.DateField(help_text="First as-of day looked at.")
    until = models.DateField(help_text="Last as-of day looked at; its horizon must lie in the past.")
    horizon_days = models.PositiveSmallIntegerField(default=60)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    days_total = models.PositiveSmallIntegerField(default=0, help_text="Month ends to replay.")
    days_done = models.PositiveSmallIntegerField(default=0)
    result = models.JSONField(null=True, blank=True)
    error = models.TextField(blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = (
            models.CheckConstraint(condition=models.Q(until__gte=models.F("since")), name="backtest_span_in_order"),
            models.CheckConstraint(
                condition=models.Q(horizon_days__gte=1, horizon_days__lte=366), name="backtest_horizon_1_to_366"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=("queued", "running"), finished_at__isnull=True)
                | models.Q(state__in=("done", "failed"), finished_at__isnull=False),
                name="backtest_finished_has_its_moment",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="done") | models.Q(result__isnull=False), name="backtest_done_has_its_result"
            ),
        )

    def __str__(self) -> str:
        return f"Backtest of {self.since} to {self.until}"
