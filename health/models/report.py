"""The weekly report, kept as it was sent."""

from django.conf import settings
from django.db import models


class WeeklyReport(models.Model):
    """One week's report: of the whole book, or of one success manager's customers.

    Made by `reports.make_due` on Monday morning and never changed: `content` is `reports.Content` as JSON, with
    the figures and sentences as they stood then.
    """

    week = models.DateField(help_text="The Monday the reported week began on.")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text="Whose customers; empty: the whole book.",
    )
    content = models.JSONField()
    made_at = models.DateTimeField()

    class Meta:
        ordering = ("-week", "owner")
        constraints = (
            models.UniqueConstraint(fields=("week", "owner"), nulls_distinct=False, name="weekly_report_once"),
            models.CheckConstraint(condition=models.Q(week__iso_week_day=1), name="weekly_report_week_is_a_monday"),
        )

    def __str__(self) -> str:
        return f"Week of {self.week}"
