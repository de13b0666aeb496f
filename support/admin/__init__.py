"""Support in the console."""

from . import desk, inbound, routing, tickets

__all__ = ["desk", "inbound", "routing", "tickets"]
