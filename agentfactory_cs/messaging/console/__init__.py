"""What messaging fills the console with."""

from . import notices, surveys, templates

__all__ = ["notices", "surveys", "templates"]
