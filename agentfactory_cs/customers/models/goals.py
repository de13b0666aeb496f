"""What the customer wants to achieve, and what it got for its money."""

from django.db import models

from .customer import Customer
from .fields import currency_field, money_field, one_of


class GoalKind(models.TextChoices):
    GOAL = "goal", "Goal"
    SUCCESS_METRIC = "success_metric", "Success metric"


class Goal(models.Model):
    """Something the customer wants to achieve: a goal, or a success metric to hold.

    Progress is dated (GoalReading), so that a past day is judged by the readings known then. A target
    below the start is a thing to bring down, such as handling time.
    """

    Kind = GoalKind

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="goals", db_index=False)
    kind = models.CharField(max_length=15, choices=Kind, default=Kind.GOAL)
    title = models.CharField(max_length=200)
    unit = models.CharField(max_length=40, blank=True, help_text="What the figures count, such as tickets a week.")
    start_value = models.FloatField(default=0)
    target_value = models.FloatField()
    set_on = models.DateField()
    due_on = models.DateField(null=True, blank=True)
    achieved_on = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("customer", "due_on", "title")
        constraints = (
            models.UniqueConstraint(
                fields=("customer", "kind", "title"),
                name="goal_title_once_per_customer",
                violation_error_message="This customer already has a goal with that title.",
            ),
            one_of("kind", GoalKind, "goal_kind_known"),
            models.CheckConstraint(
                condition=~models.Q(target_value=models.F("start_value")),
                name="goal_target_differs_from_start",
                violation_error_message="target_value must differ from start_value.",
            ),
            models.CheckConstraint(
                condition=models.Q(achieved_on__isnull=True) | models.Q(achieved_on__gte=models.F("set_on")),
                name="goal_achieved_after_set",
                violation_error_message="achieved_on must not lie before set_on.",
            ),
        )

    def __str__(self) -> str:
        return self.title

    def reached_by(self, value: float) -> bool:
        """Whether a reading is at or beyond the target, whichever way the target lies."""
        if self.target_value > self.start_value:
            return value >= self.target_value
        return value <= self.target_value


class GoalReading(models.Model):
    """Where a goal stood on a day."""

    goal = models.ForeignKey(Goal, on_delete=models.CASCADE, related_name="readings", db_index=False)
    value = models.FloatField()
    read_on = models.DateField()

    class Meta:
        ordering = ("goal", "-read_on")
        constraints = (models.UniqueConstraint(fields=("goal", "read_on"), name="goal_reading_once_a_day"),)
        indexes = (
            # What came in last, and how much in these weeks.
            models.Index(fields=("read_on",), name="goal_reading_by_day"),
        )

    def __str__(self) -> str:
        return f"{self.value} on {self.read_on}"


class OutcomeReport(models.Model):
    """What a period cost the customer, what it got, and what it had expected."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="outcome_reports", db_index=False)
    period_start = models.DateField()
    period_end = models.DateField(help_text="Last day of the period.")
    cost = money_field("What the period cost the customer.")
    value_delivered = money_field("What it was worth to the customer.")
    value_expected = money_field("What the customer had expected.", null=True, blank=True)
    currency = currency_field()
    note = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("customer", "-period_end")
        constraints = (
            # Also serves "reports that ended in this window".
            models.UniqueConstraint(
                fields=("customer", "period_end", "period_start"),
                name="outcome_report_once_a_period",
                violation_error_message="This customer already has a report for that period.",
            ),
            models.CheckConstraint(
                condition=models.Q(period_end__gte=models.F("period_start")),
                name="outcome_report_period_in_order",
                violation_error_message="period_end must not lie before period_start.",
            ),
            models.CheckConstraint(
                condition=models.Q(cost__gte=0)
                & models.Q(value_delivered__gte=0)
                & (models.Q(value_expected__isnull=True) | models.Q(value_expected__gte=0)),
                name="outcome_report_amounts_not_negative",
                violation_error_message="cost, value_delivered and value_expected must not be negative.",
            ),
        )
        indexes = (
            # What came in last, and how much in these weeks.
            models.Index(fields=("period_end",), name="outcome_report_by_end"),
        )

    def __str__(self) -> str:
        return f"{self.period_start} to {self.period_end}"
