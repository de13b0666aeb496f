"""The pages of the support desk."""

from . import inbound

__all__ = ["inbound"]
