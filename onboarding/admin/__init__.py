"""Onboarding in the console: board, one onboarding, checklists, account set-up, what the platform told us."""

from . import checklists, deliveries, onboardings, set_up

__all__ = ["checklists", "deliveries", "onboardings", "set_up"]
