"""Mails made of templates and plain data (docs/messaging.md)."""

from .checking import check, gaps
from .compiled import Rendered, Words, render
from .syntax import FILTERS, TAGS, CannotRender

__all__ = ["FILTERS", "TAGS", "CannotRender", "Rendered", "Words", "check", "gaps", "render"]
