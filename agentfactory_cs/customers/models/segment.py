"""Groups of customers kept under a name."""

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.db import models
from django.db.models.functions import Upper

TAKEN = "There is a segment of this name already."


class SegmentQuerySet(models.QuerySet["Segment"]):
    def seen_by(self, user: User | AnonymousUser) -> "SegmentQuerySet":
        """Everybody's, and the person's own."""
        return self.filter(models.Q(owner__isnull=True) | models.Q(owner=user.pk))


class Segment(models.Model):
    """The customers that a condition fits, whoever they are by then, under a name: a tab of the customers list.

    Belongs to the person who made it, or to everybody (no owner). Written by `services.save_segment`, which
    refuses a condition that cannot be asked; it asks for something, for all customers are a tab already.
    """

    name = models.CharField(max_length=60)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="segments",
        db_index=False,  # served by the names of a person's segments
        help_text="Who sees it; empty: everybody.",
    )
    condition = models.JSONField(help_text="match and rows of fact, operator and value (docs/playbooks.md).")
    order = models.PositiveSmallIntegerField(default=100, help_text="Tabs stand in this order, then by name.")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = SegmentQuerySet.as_manager()

    class Meta:
        ordering = ("order", "name", "id")
        constraints = (
            models.CheckConstraint(condition=~models.Q(name=""), name="segment_has_a_name"),
            models.UniqueConstraint(
                "owner", Upper("name"), name="segment_name_once_a_person", violation_error_message=TAKEN
            ),
            models.UniqueConstraint(
                Upper("name"),
                condition=models.Q(owner__isnull=True),
                name="segment_name_once_for_everybody",
                violation_error_message=TAKEN,
            ),
        )

    def __str__(self) -> str:
        return self.name
