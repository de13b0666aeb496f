"""Telling those who look after webhooks that one was switched off."""

from datetime import datetime

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Q
from django.urls import reverse

from agentfactory_cs.events.models import WebhookEndpoint
from agentfactory_cs.events.webhooks.outages import Messenger, messengers

from .notices import write_to


def tell(endpoint: WebhookEndpoint, now: datetime) -> None:
    """A mail to every manager and administrator with an address, once an outage."""
    address = settings.SITE_ADDRESS + reverse("admin:events_webhookendpoint_change", args=(endpoint.pk,))
    text = f"{endpoint.disabled_because}\n\nIts page: {address}\nSwitch it on there, and send again what failed.\n"
    people = get_user_model().objects.filter(Q(is_superuser=True) | Q(groups__name="CS manager"), is_active=True)
    for user in people.distinct():
        write_to(
            user,
            kind="events.webhook_off",
            subject=f"The webhook “{endpoint}” was switched off"[:200],
            text=text,
            dedupe_key=f"events.webhook_off:{endpoint.pk}:{user.pk}:{now.isoformat()}",
            now=now,
        )


messengers.register(Messenger("messaging.notices", tell))
