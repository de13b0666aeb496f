"""Support in the console."""

from . import desk, hours, inbound, promises, routing, tickets

__all__ = ["desk", "hours", "inbound", "promises", "routing", "tickets"]
