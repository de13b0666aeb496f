"""Scorecards: how scores are made, in versions."""

from django.conf import settings
from django.db import models
from django.utils.functional import cached_property

from agentfactory_cs.customers.models import Customer

from ..rules import Card


class ScorecardQuerySet(models.QuerySet["Scorecard"]):
    def in_use(self) -> "ScorecardQuerySet":
        return self.filter(retired_at__isnull=True)


class Scorecard(models.Model):
    """A way of scoring: its versions hold the weights, targets and bands.

    Without a tier it serves everybody; among the scorecards in use that fit a customer the highest priority
    wins, then the older one. A retired one scores nobody any more; scores made with it keep naming it.
    """

    name = models.CharField(
        max_length=100, unique=True, error_messages={"unique": "There is a scorecard of this name already."}
    )
    tier = models.CharField(
        max_length=12, choices=Customer.Tier, null=True, blank=True, help_text="Empty: customers of every tier."
    )
    priority = models.SmallIntegerField(
        default=0, help_text="Where several scorecards fit a customer, the highest priority scores it."
    )
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)
    retired_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )

    objects = ScorecardQuerySet.as_manager()

    class Meta:
        ordering = ("-priority", "name")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(retired_by__isnull=True) | models.Q(retired_at__isnull=False),
                name="scorecard_retired_by_has_its_moment",
            ),
        )

    def __str__(self) -> str:
        return self.name


class ScorecardVersionState(models.TextChoices):
    DRAFT = "draft", "Draft"
    PUBLISHED = "published", "Published"


class ScorecardVersionQuerySet(models.QuerySet["ScorecardVersion"]):
    def published(self) -> "ScorecardVersionQuerySet":
        return self.filter(state=ScorecardVersionState.PUBLISHED)

    def drafts(self) -> "ScorecardVersionQuerySet":
        return self.filter(state=ScorecardVersionState.DRAFT)


class ScorecardVersion(models.Model):
    """One version of a scorecard: a draft being worked on, or published for good.

    A draft is written by `scorecards.save_draft` and has a title instead of a number. Publishing gives it the
    next number; from then on it never changes (a database trigger refuses it): stored scores name it, and
    every explanation is computed from it again.
    """

    State = ScorecardVersionState

    scorecard = models.ForeignKey(Scorecard, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(null=True, blank=True, help_text="Given when it is published.")
    title = models.CharField(max_length=100, blank=True, help_text="What a draft is called.")
    based_on = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    definition = models.JSONField(help_text="Weights, targets, bands, limits, in normal form (health/definitions.py).")
    content_hash = models.CharField(max_length=64, help_text="SHA-256 of the definition in its normal form.")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    revision = models.PositiveIntegerField(
        default=0, help_text="Counts the savings of a draft, so that nobody overwrites what they have not seen."
    )
    saved_at = models.DateTimeField(null=True, blank=True, help_text="When the draft was last saved.")
    saved_by_label = models.CharField(max_length=150, blank=True, help_text="Who saved it last, in words.")
    reason = models.TextField(blank=True, help_text="Why this version was published.")
    created_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    published_by_label = models.CharField(
        max_length=150, blank=True, help_text="Who published it, in words; kept when the account goes."
    )

    objects = ScorecardVersionQuerySet.as_manager()

    class Meta:
        ordering = ("scorecard", "-number")
        permissions = (("publish_scorecardversion", "Can publish a scorecard version"),)
        constraints = (
            models.UniqueConstraint(fields=("scorecard", "number"), name="scorecard_version_number_once"),
            models.CheckConstraint(
                condition=models.Q(state="draft", published_at__isnull=True, number__isnull=True)
                | models.Q(state="published", published_at__isnull=False, number__isnull=False),
                name="scorecard_version_published_has_its_moment",
            ),
            models.CheckConstraint(
                condition=models.Q(saved_by_label="") | models.Q(saved_at__isnull=False),
                name="scorecard_version_saved_by_has_its_moment",
            ),
            models.CheckConstraint(
                condition=models.Q(published_by_label="") | models.Q(published_at__isnull=False),
                name="scorecard_version_publisher_has_its_moment",
            ),
        )

    def __str__(self) -> str:
        return f"{self.scorecard} v{self.number}" if self.number else f"{self.scorecard}, draft {self.title}".strip()

    @cached_property
    def card(self) -> Card:
        """The definition made ready for arithmetic; a page explains many scores by one version."""
        return Card.from_definition(self.definition)
