"""How tickets are routed, and how soon they are to be answered: in versions."""

from django.conf import settings
from django.db import models

from agentfactory_cs.customers.models.fields import one_of


class VersionState(models.TextChoices):
    DRAFT = "draft", "Draft"
    PUBLISHED = "published", "Published"


class Version(models.Model):
    """What versions of routing and of service levels have in common: a draft being worked on, or published for good.

    A published one never changes (a database trigger refuses it): tickets name the version that judged them. The
    newest published one is in force.
    """

    State = VersionState

    number = models.PositiveIntegerField(null=True, blank=True, unique=True, help_text="Given when it is published.")
    definition = models.JSONField()
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    revision = models.PositiveIntegerField(default=0)
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
        abstract = True
        ordering = ("-number",)
        constraints = (
            one_of("state", VersionState, "%(class)s_state_known"),
            models.UniqueConstraint(
                fields=("state",), condition=models.Q(state="draft"), name="%(class)s_one_draft_at_a_time"
            ),
            models.CheckConstraint(
                condition=models.Q(state="draft", published_at__isnull=True, number__isnull=True)
                | models.Q(state="published", published_at__isnull=False, number__isnull=False),
                name="%(class)s_published_has_its_moment",
            ),
            models.CheckConstraint(
                condition=models.Q(published_by__isnull=True) | models.Q(published_at__isnull=False),
                name="%(class)s_published_by_has_its_moment",
            ),
        )

    def __str__(self) -> str:
        return f"v{self.number}" if self.number else "Draft"


class RoutingVersion(Version):
    """The rules by which tickets find their team (support/routing/rules.py)."""

    class Meta(Version.Meta):
        permissions = (("publish_routingversion", "Can publish routing"),)


class ServiceVersion(Version):
    """The targets by severity and tier, in minutes of business time (support/levels/rules.py)."""
