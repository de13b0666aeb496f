"""Mails made of templates and plain data (docs/messaging.md)."""

from .checking import check, check_plain, gaps
from .compiled import Rendered, Words, fill_plain, render
from .syntax import FILTERS, TAGS, CannotRender

__all__ = [
    "FILTERS",
    "TAGS",
    "CannotRender",
    "Rendered",
    "Words",
    "check",
    "check_plain",
    "fill_plain",
    "gaps",
    "render",
]
