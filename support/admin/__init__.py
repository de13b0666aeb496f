"""Support in the console."""

from . import answering, articles, desk, inbound, replies, routing, tickets

__all__ = ["answering", "articles", "desk", "inbound", "replies", "routing", "tickets"]
