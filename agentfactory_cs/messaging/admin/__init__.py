"""Messaging in the console's lists and forms."""

from . import emails, notices, suppressions, surveys, templates

__all__ = ["emails", "notices", "suppressions", "surveys", "templates"]
