"""Playbooks, their runs and what people do with them, in the console."""

from . import playbooks, previews, runs

__all__ = ["playbooks", "previews", "runs"]
