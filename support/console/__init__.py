"""What support fills the console with."""

from . import articles, cards, columns, entries, inbound, mails, panels

__all__ = ["articles", "cards", "columns", "entries", "inbound", "mails", "panels"]
