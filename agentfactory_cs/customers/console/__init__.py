"""What the customers bring to the console: list columns, panels of their page, cards, sidebar."""

from . import cards, columns, entries, panels

__all__ = ["cards", "columns", "entries", "panels"]
