"""Onboardings and their milestones, checklists, stuck periods, account set-up, and what the platform told us."""

from .checklist import Checklist, ChecklistVersion
from .onboarding import Milestone, Onboarding, StuckPeriod
from .platform import PlatformDelivery, PlatformPace, ProvisioningStep

__all__ = [
    "Checklist",
    "ChecklistVersion",
    "Milestone",
    "Onboarding",
    "PlatformDelivery",
    "PlatformPace",
    "ProvisioningStep",
    "StuckPeriod",
]
