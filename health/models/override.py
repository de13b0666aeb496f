"""Scores set by hand."""

from datetime import date

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models

from agentfactory_cs.customers.models import Customer

from .fields import RealField

MAX_DAYS = 90


class DateSpan(models.Func):
    """The days from the first up to, but not including, the second."""

    function = "daterange"
    output_field = DateRangeField()


class HealthOverrideQuerySet(models.QuerySet["HealthOverride"]):
    def in_force(self, today: date) -> "HealthOverrideQuerySet":
        """Those shown today: not ended, not expired."""
        return self.filter(ended_at__isnull=True, expires_on__gte=today)

    def past(self, today: date) -> "HealthOverrideQuerySet":
        return self.exclude(ended_at__isnull=True, expires_on__gte=today)

    def covering(self, day: date | models.OuterRef) -> "HealthOverrideQuerySet":
        """Those that count for a scored day; at most one a customer."""
        return self.filter(first_day__lte=day, end_day__gt=day)


class HealthOverride(models.Model):
    """A person's judgement in the place of a customer's computed score, with a reason and an end.

    It counts for the scored days from `first_day` up to, not including, `end_day`; made today, it starts with
    the last complete day, so that it counts at once. Written by `overrides.set_override` and
    `overrides.end_override`; a later one for the same customer ends the earlier (two never cover one day).
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="health_overrides", db_index=False)
    value = RealField(help_text="The score that counts instead, 0 to 100.")
    reason = models.TextField()
    first_day = models.DateField(help_text="The first scored day it counts for.")
    end_day = models.DateField(help_text="The first scored day it counts for no more.")
    expires_on = models.DateField(help_text="The last day it is shown; at most 90 days after it was made.")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_by_label = models.CharField(max_length=150, help_text="Who made it, in words; kept when the account goes.")
    ended_at = models.DateTimeField(null=True, blank=True, help_text="When it was ended before its time.")
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    end_reason = models.TextField(blank=True)

    objects = HealthOverrideQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = (
            models.CheckConstraint(condition=models.Q(value__gte=0, value__lte=100), name="override_0_to_100"),
            models.CheckConstraint(condition=~models.Q(reason=""), name="override_has_a_reason"),
            models.CheckConstraint(
                condition=models.Q(end_day__gte=models.F("first_day"))
                & models.Q(end_day__lte=models.F("first_day") + MAX_DAYS + 1),
                name="override_at_most_90_days",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_by__isnull=True) | models.Q(ended_at__isnull=False),
                name="override_ended_by_has_its_moment",
            ),
            ExclusionConstraint(
                name="override_one_a_day",
                expressions=(
                    ("customer", RangeOperators.EQUAL),
                    (DateSpan("first_day", "end_day"), RangeOperators.OVERLAPS),
                ),
            ),
        )

    def __str__(self) -> str:
        return f"{self.customer}: {self.value:g} until {self.expires_on}"

    def covers(self, day: date) -> bool:
        """Whether it counts for a scored day."""
        return self.first_day <= day < self.end_day

    def is_in_force(self, today: date) -> bool:
        return self.ended_at is None and self.expires_on >= today
