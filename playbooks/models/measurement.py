"""What became of the runs of a version, as counted last."""

from django.db import models

from .playbook import PlaybookVersion


class Measurement(models.Model):
    """The effect of a version as of a moment: counted anew every hour (`effect.keeping`), one row a version that has
    runs, so that no page counts all runs. `figures` is `effect.Effect` as JSON."""

    version = models.OneToOneField(PlaybookVersion, on_delete=models.CASCADE, related_name="measurement")
    figures = models.JSONField()
    as_of = models.DateTimeField()

    def __str__(self) -> str:
        return f"Effect of {self.version}"
