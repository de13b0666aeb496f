"""Onboarding in the console: the board, one onboarding, and how it goes over time."""

from . import onboardings

__all__ = ["onboardings"]
