"""Playbooks, their runs and what people do with them, in the console."""

from . import playbooks, runs

__all__ = ["playbooks", "runs"]
