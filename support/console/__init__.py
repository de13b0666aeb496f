"""What support fills the console with."""

from . import articles, entries, inbound

__all__ = ["articles", "entries", "inbound"]
