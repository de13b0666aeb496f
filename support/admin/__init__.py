"""Support in the console."""

from . import answering, articles, desk, replies, routing, tickets

__all__ = ["answering", "articles", "desk", "replies", "routing", "tickets"]
