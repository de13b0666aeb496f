"""The support desk in the frame of the console."""

from . import inbound

__all__ = ["inbound"]
