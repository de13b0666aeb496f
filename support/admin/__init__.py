"""Support in the console."""

from . import desk, routing, tickets

__all__ = ["desk", "routing", "tickets"]
