"""Saying that an endpoint was switched off: an app that can reach our people registers how."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from agentfactory_cs.registry import Registry

from ..models import WebhookEndpoint


@dataclass(frozen=True)
class Messenger:
    """Tells our people, in the caller's transaction."""

    key: str
    tell: Callable[[WebhookEndpoint, datetime], None]


messengers: Registry[Messenger] = Registry("messenger of outages")


def tell_of_outage(endpoint: WebhookEndpoint, now: datetime) -> None:
    for messenger in messengers:
        messenger.tell(endpoint, now)
