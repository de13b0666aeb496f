"""What is to be reached in onboarding: checklists by tier, in versions."""

from django.conf import settings
from django.db import models
from django.utils.functional import cached_property

from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.models.fields import one_of

from .. import rules


class Checklist(models.Model):
    """The checklist of a tier: one each. What it says is in its versions."""

    tier = models.CharField(max_length=12, choices=Customer.Tier, unique=True)
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True, help_text="How customers of the tier are led in, in a sentence.")

    class Meta:
        ordering = ("id",)
        constraints = (one_of("tier", Customer.Tier, "checklist_tier_known"),)

    def __str__(self) -> str:
        return self.name


class ChecklistVersionState(models.TextChoices):
    DRAFT = "draft", "Draft"
    PUBLISHED = "published", "Published"


class ChecklistVersion(models.Model):
    """One version of a checklist: a draft being worked on, or published for good.

    A published one never changes (a database trigger refuses it): an onboarding finishes on the version it began
    with. The newest published one is in force. Written by `checklists.save_draft`, `checklists.publish`.
    """

    State = ChecklistVersionState

    checklist = models.ForeignKey(Checklist, on_delete=models.CASCADE, related_name="versions", db_index=False)
    number = models.PositiveIntegerField(null=True, blank=True, help_text="Given when it is published.")
    definition = models.JSONField(help_text="The items (onboarding/rules.py, Checklist).")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    revision = models.PositiveIntegerField(
        default=0, help_text="Counts the savings of a draft, so that nobody overwrites what they have not seen."
    )
    is_shipped = models.BooleanField(default=False, help_text="As it came with the system.")
    reason = models.TextField(blank=True, help_text="Why this version was published.")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("checklist", "-number")
        permissions = (("publish_checklistversion", "Can publish a checklist version"),)
        constraints = (
            one_of("state", ChecklistVersionState, "checklist_version_state_known"),
            models.UniqueConstraint(fields=("checklist", "number"), name="checklist_version_number_once"),
            models.UniqueConstraint(
                fields=("checklist",), condition=models.Q(state="draft"), name="checklist_one_draft_at_a_time"
            ),
            models.CheckConstraint(
                condition=models.Q(state="draft", published_at__isnull=True, number__isnull=True)
                | models.Q(state="published", published_at__isnull=False, number__isnull=False),
                name="checklist_version_published_has_its_moment",
            ),
            models.CheckConstraint(
                condition=models.Q(published_by__isnull=True) | models.Q(published_at__isnull=False),
                name="checklist_version_published_by_has_its_moment",
            ),
        )

    def __str__(self) -> str:
        return f"{self.checklist} v{self.number}" if self.number else f"{self.checklist}, draft"

    @cached_property
    def plan(self) -> rules.Checklist:
        """The definition, parsed."""
        return rules.Checklist.from_data(self.definition)
