"""Scores, one a customer and day."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from agentfactory_cs.customers.models import Customer

from .fields import RealField
from .scorecard import ScorecardVersion


class HealthScore(models.Model):
    """One customer's score for one day, with the raw readings it was made from.

    Written by `health.scoring`; `effective` also by `health.overrides`, because an override counts from the
    moment it is made. Points, weights, contributions and sentences are not stored: they are computed from
    `readings` (in the order of `metrics.METRICS`, NULL where there was no data), `signals`, `tier` and the
    scorecard version. A total is missing only where no metric had data.
    """

    pk = models.CompositePrimaryKey("customer_id", "day")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="health_scores", db_index=False)
    day = models.DateField()
    version = models.ForeignKey(ScorecardVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    total = RealField(null=True, help_text="As computed, 0 to 100.")
    effective = RealField(null=True, help_text="What counts: the override in force that day, else the total.")
    usage = RealField(null=True)
    engagement = RealField(null=True)
    outcomes = RealField(null=True)
    relationship = RealField(null=True)
    coverage = RealField(help_text="Share of the full weight that had data, 0 to 1.")
    tier = models.SmallIntegerField(help_text="Place of the tier on that day in metrics.TIERS.")
    signals = models.SmallIntegerField(default=0, help_text="Bits of metrics.SIGNALS that were on that day.")
    readings = ArrayField(RealField(null=True), size=16)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(coverage__gte=0, coverage__lte=1), name="health_coverage_share"),
            models.CheckConstraint(
                condition=models.Q(total__isnull=True, coverage=0) | models.Q(total__gte=0, total__lte=100),
                name="health_total_0_to_100",
            ),
            models.CheckConstraint(
                condition=models.Q(effective__isnull=True, total__isnull=True)
                | models.Q(effective__gte=0, effective__lte=100),
                name="health_effective_0_to_100",
            ),
        )
        indexes = (
            # A day's scores, worst first: the customers list and the dashboard.
            models.Index(fields=("day", "effective"), name="health_day_worst_first"),
        )

    def __str__(self) -> str:
        return f"{self.customer_id} on {self.day}: {self.total}"
