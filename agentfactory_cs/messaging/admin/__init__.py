"""Messaging in the console's lists and forms."""

from . import notices, surveys, templates

__all__ = ["notices", "surveys", "templates"]
