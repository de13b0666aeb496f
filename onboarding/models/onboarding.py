"""A customer's way from signup to first value, and where it got stuck."""

from datetime import datetime

from django.conf import settings
from django.db import models

from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.models.fields import one_of

from .checklist import ChecklistVersion


class OnboardingState(models.TextChoices):
    RUNNING = "running", "Running"
    COMPLETED = "completed", "Completed"
    ENDED = "ended", "Ended without completion"


class OnboardingQuerySet(models.QuerySet["Onboarding"]):
    def running(self) -> "OnboardingQuerySet":
        return self.filter(state=OnboardingState.RUNNING)

    def stuck(self) -> "OnboardingQuerySet":
        open_ones = StuckPeriod.objects.filter(onboarding=models.OuterRef("pk"), ended_at=None)
        return self.filter(models.Exists(open_ones))


class Onboarding(models.Model):
    """One customer's onboarding, by the version of its tier's checklist that was in force when it began.

    Begun by `course.begin_all` at signup; `completed` when every required item is reached or the review of day 14
    is done (`ended_because` says which); `ended` when the customer leaves before. At most one is running a
    customer; who comes back after a departure may be onboarded again.
    """

    State = OnboardingState

    TRANSITIONS = {
        OnboardingState.RUNNING: (OnboardingState.COMPLETED, OnboardingState.ENDED),
        OnboardingState.COMPLETED: (),
        OnboardingState.ENDED: (),
    }

    id = models.BigAutoField(primary_key=True)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="onboardings", db_index=False)
    version = models.ForeignKey(ChecklistVersion, on_delete=models.PROTECT, related_name="onboardings")
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    started_at = models.DateTimeField(help_text="Expected days count from here: the moment of signup.")
    ended_at = models.DateTimeField(null=True, blank=True, help_text="When it was completed, or ended otherwise.")
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    ended_because = models.TextField(blank=True)

    objects = OnboardingQuerySet.as_manager()

    class Meta:
        ordering = ("-started_at", "-id")
        constraints = (
            one_of("state", OnboardingState, "onboarding_state_known"),
            models.UniqueConstraint(
                fields=("customer",), condition=models.Q(state="running"), name="onboarding_one_running"
            ),
            models.CheckConstraint(
                condition=models.Q(state="running", ended_at__isnull=True)
                | ~models.Q(state="running") & models.Q(ended_at__isnull=False) & ~models.Q(ended_because=""),
                name="onboarding_ended_has_its_moment_and_reason",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_by__isnull=True) | models.Q(ended_at__isnull=False),
                name="onboarding_ended_by_has_its_moment",
            ),
        )
        indexes = (
            models.Index(fields=("customer", "-started_at"), name="onboarding_of_customer"),
            # Cohorts, and the board of those that are running.
            models.Index(fields=("state", "started_at"), name="onboarding_by_start"),
        )

    def __str__(self) -> str:
        return f"Onboarding of {self.customer}"

    def days_in(self, now: datetime) -> int:
        """Whole days since it began, until it ended."""
        return ((self.ended_at or now) - self.started_at).days


class MilestoneSource(models.TextChoices):
    USAGE = "usage", "Usage"
    PLATFORM = "platform", "The platform told us"
    PROVISIONING = "provisioning", "Account set-up"
    TASK = "task", "A task"
    TRAINING = "training", "A training"
    HAND = "hand", "By hand"


class Milestone(models.Model):
    """Something a customer reached for the first time: one row a customer and milestone, kept for ever.

    Written by `milestones.reach` and `milestones.reach_all`. Evidence may come late and in any order: `reached_at`
    is the earliest moment there is evidence for, so it only ever moves back, whatever comes in when.
    """

    Source = MilestoneSource

    id = models.BigAutoField(primary_key=True)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="milestones", db_index=False)
    key = models.CharField(max_length=40, help_text="Of rules.KNOWN, or an item of a checklist.")
    reached_at = models.DateTimeField()
    source = models.CharField(max_length=12, choices=Source)
    detail = models.CharField(max_length=200, blank=True, help_text="The evidence, in words.")
    noted_at = models.DateTimeField(help_text="When we learned of it first.")
    noted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("reached_at", "id")
        constraints = (
            one_of("source", MilestoneSource, "milestone_source_known"),
            models.UniqueConstraint(fields=("customer", "key"), name="milestone_once"),
        )
        # Time to first value, by period.
        indexes = (models.Index(fields=("key", "reached_at"), name="milestone_by_key"),)

    def __str__(self) -> str:
        return f"{self.key} of {self.customer_id}"


class StuckPeriod(models.Model):
    """A time in which an onboarding does not go on, with what it is stuck at.

    Opened and closed by `stuck.look`; at most one is open an onboarding, and it keeps its blocker in words up to
    date. Its intervention is a run of the playbook `stuck_in_onboarding`, triggered once by the event
    `onboarding.stuck`; the run keeps the id of that event.
    """

    id = models.BigAutoField(primary_key=True)
    onboarding = models.ForeignKey(Onboarding, on_delete=models.CASCADE, related_name="stuck_periods", db_index=False)
    blocker = models.CharField(max_length=40, help_text="The item it is stuck at.")
    because = models.CharField(max_length=300, help_text="In words, with the days.")
    since = models.DateTimeField(help_text="When it became late, or silent for too long.")
    noticed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_because = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("-since", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("onboarding",), condition=models.Q(ended_at__isnull=True), name="stuck_period_open_once"
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True, ended_because="")
                | models.Q(ended_at__isnull=False) & ~models.Q(ended_because=""),
                name="stuck_period_ended_has_its_reason",
            ),
        )
        indexes = (models.Index(fields=("onboarding", "-since"), name="stuck_period_of_onboarding"),)

    def __str__(self) -> str:
        return f"{self.onboarding}: {self.because}"
