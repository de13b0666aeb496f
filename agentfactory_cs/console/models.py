"""What the frame itself must remember."""

from django.db import models


class Shipped(models.Model):
    """One piece of shipped data (a role's permission, a feature, a scorecard) that has been put in place.

    Written by whatever loads shipped data after a migration. What stands here is never put in place a
    second time, so that what a manager edits or deletes stays that way.
    """

    key = models.CharField(max_length=200, primary_key=True)
    shipped_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "shipped data"

    def __str__(self) -> str:
        return self.key

    @classmethod
    def first_time(cls, keys: list[str]) -> set[str]:
        """Those of `keys` that were never shipped, marked as shipped from now on."""
        new = set(keys) - set(cls.objects.filter(key__in=keys).values_list("key", flat=True))
        Shipped.objects.bulk_create((Shipped(key=key) for key in sorted(new)), ignore_conflicts=True)
        return new
