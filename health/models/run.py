"""The runs that score everybody, and what holds them."""

from django.conf import settings
from django.db import models

from .fields import RealField


class IncidentKind(models.TextChoices):
    LATE_FEED = "late_feed", "Late feed"
    FLEET_SHIFT = "fleet_shift", "Everybody moved at once"


class IncidentOutcome(models.TextChoices):
    RECOVERED = "recovered", "Went away by itself"
    RELEASED = "released", "Released by hand"


class Incident(models.Model):
    """Something about the data that makes a day's scores, or its alerts, not to be trusted.

    Opened by `feeds` and `aftermath`, at most one of a kind and source at a time: a later day that suffers from
    the same joins it. Closed when the data has come, or when somebody with the permission releases what it
    holds and says why.
    """

    Kind = IncidentKind
    Outcome = IncidentOutcome

    kind = models.CharField(max_length=12, choices=Kind)
    source = models.CharField(max_length=20, help_text="The source of data it is about, such as usage.")
    day = models.DateField(help_text="The first day concerned.")
    summary = models.TextField(help_text="What is the matter, in a sentence with its figures.")
    figures = models.JSONField(default=dict, help_text="What was measured, by name.")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    reason = models.TextField(blank=True, help_text="Why it was released.")

    class Meta:
        ordering = ("-opened_at", "-id")
        permissions = (("release_incident", "Can release what an incident holds"),)
        constraints = (
            models.UniqueConstraint(
                fields=("kind", "source"), condition=models.Q(closed_at__isnull=True), name="incident_open_once"
            ),
            models.CheckConstraint(
                condition=models.Q(closed_at__isnull=True, outcome="")
                | models.Q(closed_at__isnull=False) & ~models.Q(outcome=""),
                name="incident_closed_has_its_outcome",
            ),
            models.CheckConstraint(
                condition=models.Q(closed_by__isnull=True) | models.Q(closed_at__isnull=False),
                name="incident_closed_by_has_its_moment",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.source}, {self.day}"


class ScoringRunState(models.TextChoices):
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    HELD = "held", "Held"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class ScoringRun(models.Model):
    """The scoring of all customers for one day.

    Made by `runs.start_run`, worked off in chunks by any number of workers; `done` when every chunk is. Where
    the usage feed is late `feeds` makes it `held` by an incident until the feed has come or somebody releases it.
    Once it is done `aftermath` has its alerts judged, at `alerts_at`, unless an incident holds that.
    """

    State = ScoringRunState

    day = models.DateField()
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    customers_total = models.PositiveIntegerField(default=0)
    customers_done = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)
    incident = models.ForeignKey(
        Incident,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="runs",
        help_text="What holds it, or held.",
    )
    median_change = RealField(
        null=True, help_text="Median change of the scores since the day before; a jump holds the alerts."
    )
    alerts_at = models.DateTimeField(null=True, blank=True, help_text="When its alerts were judged, or passed over.")
    alerts_note = models.TextField(blank=True, help_text="Why its alerts were passed over, or what they went by.")
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
                condition=models.Q(state__in=("queued", "running", "held")),
                name="scoring_run_one_at_a_time_per_day",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=("queued", "running", "held"), finished_at__isnull=True)
                | models.Q(state__in=("done", "failed"), finished_at__isnull=False),
                name="scoring_run_finished_has_its_moment",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="held") | models.Q(incident__isnull=False),
                name="scoring_run_held_by_an_incident",
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
