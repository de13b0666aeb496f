"""What is to be done, for whom and when: playbooks in their versions."""

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.utils.functional import cached_property

from agentfactory_cs.customers.models.fields import one_of

from ..rules import Definition

validate_key = RegexValidator(r"^[a-z][a-z0-9_]*$", "Use small letters, digits and _, beginning with a letter.")


class PlaybookState(models.TextChoices):
    DRAFT = "draft", "Draft"
    ACTIVE = "active", "Active"
    PAUSED = "paused", "Paused"
    RETIRED = "retired", "Retired"


class PlaybookQuerySet(models.QuerySet["Playbook"]):
    def active(self) -> "PlaybookQuerySet":
        return self.filter(state=PlaybookState.ACTIVE)


class Playbook(models.Model):
    """A way of dealing with a kind of situation: trigger, conditions, steps, goal, all in its versions.

    A sequence is a playbook whose steps only send mail; one engine runs both. Only an `active` one lets
    customers enter; a `paused` one also holds its runs where they stand. Written by `playbooks.services`.
    Transitions are TRANSITIONS.
    """

    State = PlaybookState

    # A state, and those that may follow it.
    TRANSITIONS = {
        PlaybookState.DRAFT: (PlaybookState.ACTIVE, PlaybookState.RETIRED),
        PlaybookState.ACTIVE: (PlaybookState.PAUSED, PlaybookState.RETIRED),
        PlaybookState.PAUSED: (PlaybookState.ACTIVE, PlaybookState.RETIRED),
        PlaybookState.RETIRED: (PlaybookState.PAUSED,),
    }

    key = models.CharField(max_length=60, unique=True, validators=[validate_key])
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True, help_text="What it is for, in a sentence or two.")
    is_sequence = models.BooleanField("sequence", default=False, help_text="It only sends mail.")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    priority = models.SmallIntegerField(
        default=0, help_text="Where several playbooks want a customer at once, the highest goes first."
    )
    is_exclusive = models.BooleanField(
        "exclusive", default=False, help_text="Keeps a customer out of playbooks of a lower priority meanwhile."
    )
    cool_down_days = models.PositiveSmallIntegerField(
        default=90, help_text="Days after the end of a run before the same customer may enter again."
    )
    holdout_percent = models.PositiveSmallIntegerField(
        default=0, help_text="Share of customers kept out, by a stable draw, to measure the effect against."
    )
    is_shipped = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    activated_at = models.DateTimeField(
        null=True, blank=True, help_text="When it became active last; events of before let nobody in."
    )
    reviewed_at = models.DateTimeField(null=True, blank=True, help_text="When somebody last looked whether it works.")
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    review_note = models.TextField(blank=True, help_text="What that review found.")

    objects = PlaybookQuerySet.as_manager()

    class Meta:
        ordering = ("-priority", "name")
        constraints = (
            one_of("state", PlaybookState, "playbook_state_known"),
            models.CheckConstraint(
                condition=~models.Q(state="active") | models.Q(activated_at__isnull=False),
                name="playbook_active_has_its_moment",
            ),
            models.CheckConstraint(
                condition=models.Q(holdout_percent__lte=50),
                name="playbook_holdout_at_most_half",
                violation_error_message="At most 50 %% may be held out.",
            ),
            models.CheckConstraint(
                condition=models.Q(reviewed_by__isnull=True) | models.Q(reviewed_at__isnull=False),
                name="playbook_reviewed_by_has_its_moment",
            ),
        )

    def __str__(self) -> str:
        return self.name


class PlaybookVersionState(models.TextChoices):
    DRAFT = "draft", "Draft"
    PUBLISHED = "published", "Published"


class PlaybookVersion(models.Model):
    """One version of a playbook: a draft being worked on, or published for good.

    A published one never changes (a database trigger refuses it): runs finish on the version they entered by.
    The newest published one is in force. A draft is written by `services.save_draft`.
    """

    State = PlaybookVersionState

    playbook = models.ForeignKey(Playbook, on_delete=models.CASCADE, related_name="versions", db_index=False)
    number = models.PositiveIntegerField(null=True, blank=True, help_text="Given when it is published.")
    definition = models.JSONField(help_text="Trigger, conditions, steps, goal (playbooks/rules.py, Definition).")
    content_hash = models.CharField(max_length=64, help_text="SHA-256 of the definition.")
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
        ordering = ("playbook", "-number")
        permissions = (("publish_playbookversion", "Can publish a playbook version"),)
        constraints = (
            models.UniqueConstraint(fields=("playbook", "number"), name="playbook_version_number_once"),
            models.UniqueConstraint(
                fields=("playbook",), condition=models.Q(state="draft"), name="playbook_one_draft_at_a_time"
            ),
            models.CheckConstraint(
                condition=models.Q(state="draft", published_at__isnull=True, number__isnull=True)
                | models.Q(state="published", published_at__isnull=False, number__isnull=False),
                name="playbook_version_published_has_its_moment",
            ),
        )

    def __str__(self) -> str:
        return f"{self.playbook} v{self.number}" if self.number else f"{self.playbook}, draft"

    @cached_property
    def plan(self) -> Definition:
        """The definition, parsed."""
        return Definition.from_data(self.definition)
