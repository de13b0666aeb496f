"""Alerts, and the rules that raise them."""

import math

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from agentfactory_cs.customers.models import Customer

from .fields import RealField


class AlertKind(models.TextChoices):
    AT_RISK = "at_risk", "Became at risk"
    DROP = "drop", "Fell fast"
    LEFT_HEALTHY = "left_healthy", "No longer healthy"


class AlertRule(models.Model):
    """When alerts of a kind are raised and recover. One row a kind, shipped; edited in the console.

    `at_risk` and `left_healthy` go by the bands of the scorecard; `points` is how far above (or, for a drop,
    how near to where it came from) a score must come back to close the alert.
    """

    Kind = AlertKind

    kind = models.CharField(max_length=12, choices=Kind, primary_key=True)
    is_active = models.BooleanField(default=True)
    threshold = RealField(null=True, blank=True, help_text="Points lost that make a drop.")
    days = models.PositiveSmallIntegerField(help_text="Days in a row, or within which.")
    recovery = RealField(default=5, help_text="Points beyond the border at which it counts as recovered.")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(days__gte=1, days__lte=28),
                name="alert_rule_days_1_to_28",
                violation_error_message="days must be 1 to 28.",
            ),
            models.CheckConstraint(
                condition=models.Q(recovery__gte=0, recovery__lte=50),
                name="alert_rule_recovery_0_to_50",
                violation_error_message="recovery must be 0 to 50 points.",
            ),
            models.CheckConstraint(
                condition=models.Q(threshold__isnull=True) & ~models.Q(kind="drop")
                | models.Q(threshold__isnull=False, threshold__gt=0, threshold__lte=100, kind="drop"),
                name="alert_rule_only_drops_have_a_threshold",
                violation_error_message="A drop needs a threshold from 0 to 100 points; the others go by the bands.",
            ),
        )

    def __str__(self) -> str:
        return self.get_kind_display()


class AlertState(models.TextChoices):
    OPEN = "open", "Open"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    SNOOZED = "snoozed", "Snoozed"
    CLOSED = "closed", "Closed"


class AlertLabel(models.TextChoices):
    USEFUL = "useful", "Useful"
    NOISE = "noise", "Noise"
    KNOWN = "known", "Known already"


class AlertClosing(models.TextChoices):
    RECOVERED = "recovered", "Recovered"
    BY_HAND = "by_hand", "Closed by hand"
    LAPSED = "lapsed", "Lapsed"
    LEFT = "left", "The customer left"


class AlertQuiet(models.TextChoices):
    CAP = "cap", "Beyond the daily number"
    PLAYBOOK = "playbook", "A playbook is on it"


class AlertQuerySet(models.QuerySet["Alert"]):
    def unsettled(self) -> "AlertQuerySet":
        """Everything not closed."""
        return self.exclude(state=AlertState.CLOSED)


class Alert(models.Model):
    """Somebody should look at a customer: raised by `alerting`, worked by people, closed by recovery.

    Until `rearmed_on` no other alert of the same kind is raised for the customer: that is the day it had
    recovered, so that closing an alert by hand does not bring it back tomorrow, and a score that flaps around
    a border raises one. Transitions are TRANSITIONS; the verbs stand in `alerts`.
    """

    Kind = AlertKind
    State = AlertState
    Label = AlertLabel
    Closing = AlertClosing
    Quiet = AlertQuiet

    # A state, and those that may follow it.
    TRANSITIONS = {
        AlertState.OPEN: (AlertState.ACKNOWLEDGED, AlertState.SNOOZED, AlertState.CLOSED),
        AlertState.ACKNOWLEDGED: (AlertState.SNOOZED, AlertState.CLOSED),
        AlertState.SNOOZED: (AlertState.OPEN, AlertState.ACKNOWLEDGED, AlertState.CLOSED),
        AlertState.CLOSED: (),
    }

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="health_alerts", db_index=False)
    kind = models.CharField(max_length=12, choices=Kind)
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="The success manager it went to; empty: the managers.",
    )
    day = models.DateField(help_text="The scored day that raised it.")
    last_day = models.DateField(help_text="The last scored day on which its condition held.")
    repeats = models.PositiveIntegerField(default=0, help_text="Days since the first on which it held again.")
    score = RealField(help_text="The score on `last_day`.")
    score_before = RealField(help_text="The score it fell from.")
    mrr = models.DecimalField(
        max_digits=12, decimal_places=2, null=True, help_text="Monthly revenue when it was raised, in its currency."
    )
    currency = models.CharField(max_length=3, blank=True)
    rank = models.FloatField(default=0, help_text="Revenue × points lost: what the daily number is filled by.")
    sentences = ArrayField(models.TextField(), default=list, help_text="Why, largest cause first.")
    quiet = models.CharField(max_length=10, choices=Quiet, blank=True, help_text="Why nobody was told of it.")
    quiet_reason = models.CharField(max_length=200, blank=True, help_text="The same in words, with what it was due to.")
    told_at = models.DateTimeField(null=True, blank=True, help_text="When it went out to its owner.")
    opened_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    snoozed_until = models.DateField(null=True, blank=True, help_text="Back in the list on this day.")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    closing = models.CharField(max_length=10, choices=Closing, blank=True)
    rearmed_on = models.DateField(null=True, blank=True, help_text="The scored day on which it had recovered.")
    label = models.CharField(max_length=10, choices=Label, blank=True, help_text="What it turned out to be.")
    labelled_at = models.DateTimeField(null=True, blank=True)
    labelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = AlertQuerySet.as_manager()

    class Meta:
        ordering = ("-rank", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("customer", "kind"),
                condition=models.Q(rearmed_on__isnull=True),
                name="alert_one_until_recovered",
            ),
            models.UniqueConstraint(
                fields=("customer", "kind"), condition=~models.Q(state="closed"), name="alert_one_open"
            ),
            models.CheckConstraint(
                condition=models.Q(state="closed", closed_at__isnull=False) & ~models.Q(closing="")
                | ~models.Q(state="closed") & models.Q(closed_at__isnull=True, closing="", rearmed_on__isnull=True),
                name="alert_closed_has_its_moment",
            ),
            models.CheckConstraint(
                condition=models.Q(state="snoozed", snoozed_until__isnull=False)
                | ~models.Q(state="snoozed") & models.Q(snoozed_until__isnull=True),
                name="alert_snoozed_has_its_day",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="acknowledged") | models.Q(acknowledged_at__isnull=False),
                name="alert_acknowledged_has_its_moment",
            ),
            models.CheckConstraint(
                condition=models.Q(label="", labelled_at__isnull=True)
                | ~models.Q(label="") & models.Q(labelled_at__isnull=False),
                name="alert_label_has_its_moment",
            ),
            *(
                models.CheckConstraint(
                    condition=models.Q(**{f"{verb}_by__isnull": True}) | models.Q(**{f"{verb}_at__isnull": False}),
                    name=f"alert_{verb}_by_has_its_moment",
                )
                for verb in ("acknowledged", "closed", "labelled")
            ),
        )
        indexes = (
            # A success manager's alerts, the most at stake first.
            models.Index(
                fields=("owner", "-rank", "-id"), condition=~models.Q(state="closed"), name="alert_unsettled_of_owner"
            ),
            models.Index(fields=("-rank", "-id"), condition=~models.Q(state="closed"), name="alert_unsettled"),
            # What was raised in a span: precision per rule, the weekly report.
            models.Index(fields=("day", "kind"), name="alert_by_day"),
            # Everything of a customer, newest first.
            models.Index(fields=("customer", "-opened_at"), name="alert_of_customer"),
        )

    def __str__(self) -> str:
        return f"{self.customer}: {self.get_kind_display().lower()} on {self.day}"

    @property
    def lost(self) -> float:
        """Points lost, of 100."""
        return max(self.score_before - self.score, 0.0)

    @property
    def shown(self) -> int:
        """The score as a whole number on its side of the border: 49.6 is not "at risk at 50"."""
        return math.floor(self.score if self.kind == AlertKind.AT_RISK else self.score + 0.5)

    @property
    def shown_before(self) -> int:
        """The score it fell from, likewise: 80.2 was healthy, and healthy is above 80."""
        healthy = self.kind == AlertKind.LEFT_HEALTHY
        return math.ceil(self.score_before) if healthy else math.floor(self.score_before + 0.5)

    @property
    def shown_lost(self) -> int:
        """Points lost between the numbers that are shown."""
        return max(self.shown_before - self.shown, 0)
