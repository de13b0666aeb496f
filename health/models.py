"""Scorecards, scores, and the runs that make them."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.functional import cached_property

from agentfactory_cs.customers.models import Customer

from .rules import Card


class RealField(models.FloatField):
    """Four bytes: a score is a row per customer and day, and eight digits say nothing more."""

    def db_type(self, connection: object) -> str:
        return "real"


class ScorecardVersionState(models.TextChoices):
    DRAFT = "draft", "Draft"
    PUBLISHED = "published", "Published"


class Scorecard(models.Model):
    """A way of scoring: its versions hold the weights, targets and bands.

    Without a tier it serves everybody; among the scorecards that fit a customer the highest priority wins.
    """

    name = models.CharField(max_length=100, unique=True)
    tier = models.CharField(max_length=12, choices=Customer.Tier, null=True, blank=True)
    priority = models.SmallIntegerField(default=0)

    class Meta:
        ordering = ("-priority", "name")

    def __str__(self) -> str:
        return self.name


class ScorecardVersionQuerySet(models.QuerySet["ScorecardVersion"]):
    def published(self) -> "ScorecardVersionQuerySet":
        return self.filter(state=ScorecardVersionState.PUBLISHED)


class ScorecardVersion(models.Model):
    """One version of a scorecard. A published one never changes: stored scores name it, and every
    explanation is computed from it again."""

    State = ScorecardVersionState

    scorecard = models.ForeignKey(Scorecard, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    definition = models.JSONField(help_text="Weights, targets and bands (health/rules.py, Card.from_definition).")
    content_hash = models.CharField(max_length=64, help_text="SHA-256 of the definition.")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    reason = models.TextField(blank=True, help_text="Why this version was published.")
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = ScorecardVersionQuerySet.as_manager()

    class Meta:
        ordering = ("scorecard", "-number")
        constraints = (
            models.UniqueConstraint(fields=("scorecard", "number"), name="scorecard_version_number_once"),
            models.CheckConstraint(
                condition=models.Q(state="draft", published_at__isnull=True)
                | models.Q(state="published", published_at__isnull=False),
                name="scorecard_version_published_has_its_moment",
            ),
        )

    def __str__(self) -> str:
        return f"{self.scorecard} v{self.number}"

    @cached_property
    def card(self) -> Card:
        """The definition made ready for arithmetic; a page explains many scores by one version."""
        return Card.from_definition(self.definition)


class HealthScore(models.Model):
    """One customer's score for one day, with the raw readings it was made from.

    Written by `health.scoring` only. Points, weights, contributions and sentences are not stored: they are
    computed from `readings` (in the order of `metrics.METRICS`, NULL where there was no data), `tier` and the
    scorecard version. A total is missing only where no metric had data.
    """

    pk = models.CompositePrimaryKey("customer_id", "day")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="health_scores", db_index=False)
    day = models.DateField()
    version = models.ForeignKey(ScorecardVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    total = RealField(null=True)
    usage = RealField(null=True)
    engagement = RealField(null=True)
    outcomes = RealField(null=True)
    relationship = RealField(null=True)
    coverage = RealField(help_text="Share of the full weight that had data, 0 to 1.")
    tier = models.SmallIntegerField(help_text="Place of the tier on that day in metrics.TIERS.")
    readings = ArrayField(RealField(null=True), size=16)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(coverage__gte=0, coverage__lte=1), name="health_coverage_share"),
            models.CheckConstraint(
                condition=models.Q(total__isnull=True, coverage=0) | models.Q(total__gte=0, total__lte=100),
                name="health_total_0_to_100",
            ),
        )
        indexes = (
            # A day's scores, worst first: the customers list and the dashboard.
            models.Index(fields=("day", "total"), name="health_day_worst_first"),
        )

    def __str__(self) -> str:
        return f"{self.customer_id} on {self.day}: {self.total}"


class ScoringRunState(models.TextChoices):
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class ScoringRun(models.Model):
    """The scoring of all customers for one day.

    Made by `runs.start_run`, worked off in chunks by any number of workers; `done` when every chunk is.
    """

    State = ScoringRunState

    day = models.DateField()
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    customers_total = models.PositiveIntegerField(default=0)
    customers_done = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = (
            # A second request for a day joins the run that is under way.
            models.UniqueConstraint(
                fields=("day",),
                condition=models.Q(state__in=("queued", "running")),
                name="scoring_run_one_at_a_time_per_day",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=("queued", "running"), finished_at__isnull=True)
                | models.Q(state__in=("done", "failed"), finished_at__isnull=False),
                name="scoring_run_finished_has_its_moment",
            ),
        )

    def __str__(self) -> str:
        return f"Scores of {self.day}"


class ScoringChunk(models.Model):
    """A range of customer ids of a run, claimed by one worker at a time.

    A claim is a lease: a worker that dies leaves `claimed_at` behind, and after LEASE another takes over, at
    most MAX_ATTEMPTS times (`health.runs`). Scoring a chunk twice writes the same rows.
    """

    run = models.ForeignKey(ScoringRun, on_delete=models.CASCADE, related_name="chunks")
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    scored = models.PositiveIntegerField(null=True, blank=True, help_text="Customers scored; empty until done.")

    class Meta:
        ordering = ("run", "first_id")
        constraints = (
            models.UniqueConstraint(fields=("run", "first_id"), name="scoring_chunk_once"),
            models.CheckConstraint(
                condition=models.Q(last_id__gte=models.F("first_id")), name="scoring_chunk_range_in_order"
            ),
        )
        indexes = (
            # The next chunk nobody has done.
            models.Index(fields=("run", "id"), condition=models.Q(scored__isnull=True), name="scoring_chunk_open"),
        )

    def __str__(self) -> str:
        return f"{self.run}: customers {self.first_id} to {self.last_id}"
