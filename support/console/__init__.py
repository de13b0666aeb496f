"""What support fills the console with."""

from . import entries

__all__ = ["entries"]
