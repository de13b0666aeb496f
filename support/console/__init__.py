"""What support fills the console with."""

from . import cards, columns, entries, inbound, panels

__all__ = ["cards", "columns", "entries", "inbound", "panels"]
