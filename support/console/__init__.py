"""What support fills the console with."""

from . import articles, entries

__all__ = ["articles", "entries"]
