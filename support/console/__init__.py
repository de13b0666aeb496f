"""What support fills the console with."""

from . import entries, inbound

__all__ = ["entries", "inbound"]
