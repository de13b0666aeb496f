"""Support in the console."""

from . import answering, articles, desk, hours, inbound, promises, replies, routing, tickets

__all__ = ["answering", "articles", "desk", "hours", "inbound", "promises", "replies", "routing", "tickets"]
