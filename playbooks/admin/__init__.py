"""Playbooks, their runs and what people do with them, in the console."""

from . import playbooks, previews, reviews, runs

__all__ = ["playbooks", "previews", "reviews", "runs"]
