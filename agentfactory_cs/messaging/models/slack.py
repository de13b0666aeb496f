"""Where in Slack we post."""

from django.core.exceptions import ValidationError
from django.db import models

from ..slack import allowed_hosts, is_slacks


class SlackChannel(models.Model):
    """A channel of ours with the incoming-webhook address that posts into it, to be chosen by name.

    The address is a secret: it is taken, and never shown again. Written by `messaging.channels`.
    """

    name = models.CharField(max_length=80, unique=True, help_text="As people know it, such as #customer-success.")
    address = models.URLField(max_length=500, help_text="Slack's incoming-webhook address.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)
        verbose_name = "Slack channel"

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Posts go to Slack and nowhere else: an address inside our own network would be answered to as well."""
        if self.address and not is_slacks(self.address):
            raise ValidationError({"address": f"Enter an https address of {allowed_hosts()}, as Slack gives them out."})
