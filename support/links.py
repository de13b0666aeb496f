"""Where a ticket's page is."""

from django.conf import settings
from django.urls import reverse

from .models import Ticket


def ticket_link(ticket: Ticket) -> str:
    """The whole address, for a mail to our own people."""
    return settings.SITE_ADDRESS + reverse("admin:support_ticket_change", args=[ticket.pk])
