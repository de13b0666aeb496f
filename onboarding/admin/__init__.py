"""Onboarding in the console: the board, one onboarding, and how it goes over time."""

from . import checklists, onboardings

__all__ = ["checklists", "onboardings"]
