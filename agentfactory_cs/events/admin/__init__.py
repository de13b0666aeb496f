"""Events and outgoing webhooks in the console."""

from . import deliveries, endpoints, timeline

__all__ = ["deliveries", "endpoints", "timeline"]
