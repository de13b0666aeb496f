"""What comes with support."""

from .knowledge import shipped

__all__ = ["shipped"]
