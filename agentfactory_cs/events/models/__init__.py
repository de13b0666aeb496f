"""What happened to customers, who reads along, and whom outside we tell."""

from .event import Event, Follower, Place
from .webhook import WebhookDelivery, WebhookEndpoint

__all__ = ["Event", "Follower", "Place", "WebhookDelivery", "WebhookEndpoint"]
