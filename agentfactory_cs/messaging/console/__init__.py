"""What messaging fills the console with."""

from . import mail, notices, surveys, templates

__all__ = ["mail", "notices", "surveys", "templates"]
