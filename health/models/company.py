"""What managers may set about health beyond the scorecards."""

from datetime import time

from django.core.exceptions import ValidationError
from django.db import models

from agentfactory_cs.messaging.slack import allowed_hosts, is_slacks

from .fields import RealField


class HealthSettings(models.Model):
    """One row, made at the first migration, edited in the console."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    daily_alerts = models.PositiveSmallIntegerField(
        default=10, help_text="Alerts a success manager is told of in a day, the most revenue × fall first."
    )
    digest_at = models.TimeField(default=time(8), help_text="When alerts go out by e-mail, in the company's time zone.")
    slack_address = models.URLField(
        max_length=500, blank=True, help_text="Slack's incoming-webhook address; empty: nothing goes to Slack."
    )
    late_feed_share = RealField(
        default=0.5,
        help_text="The feed is late where fewer than this share of last week's customers have usage for the day.",
    )
    shift_spreads = RealField(
        default=4, help_text="Alerts are held where the median change lies beyond so many times its usual spread."
    )
    report_weekday = models.PositiveSmallIntegerField(default=1, help_text="ISO weekday of the report: 1 is Monday.")
    report_at = models.TimeField(default=time(7), help_text="When, in the company's time zone.")

    class Meta:
        verbose_name = "health settings"
        verbose_name_plural = "health settings"
        constraints = (
            models.CheckConstraint(condition=models.Q(id=1), name="health_settings_are_one_row"),
            models.CheckConstraint(
                condition=models.Q(late_feed_share__gte=0, late_feed_share__lte=1),
                name="health_late_feed_share_0_to_1",
                violation_error_message="late_feed_share must be 0 to 1.",
            ),
            models.CheckConstraint(
                condition=models.Q(shift_spreads__gt=0),
                name="health_shift_spreads_positive",
                violation_error_message="shift_spreads must be above 0.",
            ),
            models.CheckConstraint(
                condition=models.Q(report_weekday__gte=1, report_weekday__lte=7),
                name="health_report_weekday_1_to_7",
                violation_error_message="report_weekday must be 1 (Monday) to 7 (Sunday).",
            ),
        )

    def __str__(self) -> str:
        return "Health settings"

    def clean(self) -> None:
        """Posts go to Slack and nowhere else: an address inside our own network would be answered to as well."""
        if self.slack_address and not is_slacks(self.slack_address):
            words = f"Enter an https address of {allowed_hosts()}, as Slack gives them out."
            raise ValidationError({"slack_address": words})

    @classmethod
    def get(cls) -> "HealthSettings":
        return cls.objects.get_or_create(pk=1)[0]
