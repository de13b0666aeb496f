"""What keeps a version from going on."""

from django.db import models

from agentfactory_cs.customers.models import Task

from .playbook import PlaybookVersion


class Fault(models.Model):
    """A version names something in a condition that is not there any more, such as a fact of an app that was removed.

    Its runs stand still until it can be asked again, or nobody is in it any more (`mended_at`). Written by `faults`:
    at most one is open a version, so that a person is told once. `task` is theirs, where a customer is concerned.
    """

    id = models.BigAutoField(primary_key=True)
    version = models.ForeignKey(PlaybookVersion, on_delete=models.CASCADE, related_name="faults", db_index=False)
    reason = models.TextField(help_text="What cannot be asked, as people name its place.")
    noticed_at = models.DateTimeField()
    mended_at = models.DateTimeField(null=True, blank=True)
    task = models.ForeignKey(Task, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ("-noticed_at", "-id")
        constraints = (
            # Its index also finds the open ones, which are counted on every page.
            models.UniqueConstraint(
                fields=("version",), condition=models.Q(mended_at__isnull=True), name="fault_one_open_a_version"
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="fault_says_why"),
        )

    def __str__(self) -> str:
        return f"{self.version}: {self.reason}"
