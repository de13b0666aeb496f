"""Onboarding's lines of the sidebar."""

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.registry import Entry, entries

from ..models import PlatformDelivery, StuckPeriod


def stuck(request: HttpRequest) -> QuerySet[StuckPeriod]:
    """Everybody who is stuck now: the index of open periods holds no other."""
    return StuckPeriod.objects.filter(ended_at=None)


def strangers(request: HttpRequest) -> QuerySet[PlatformDelivery]:
    """What the platform told us of somebody we do not know."""
    return PlatformDelivery.objects.filter(state=PlatformDelivery.State.STRANGER)


for entry in (
    Entry(
        "onboarding.board",
        _("Onboarding"),
        "rocket_launch",
        "onboarding_onboarding_board",
        "",
        40,
        "onboarding.view_onboarding",
        stuck,
    ),
    Entry(
        "onboarding.set_up",
        _("Account set-up"),
        "manufacturing",
        "onboarding_provisioningstep_changelist",
        "records",
        75,
        "onboarding.view_provisioningstep",
    ),
    Entry(
        "onboarding.deliveries",
        _("Platform webhooks"),
        "webhook",
        "onboarding_platformdelivery_changelist",
        "integrations",
        79,
        "onboarding.view_platformdelivery",
        strangers,
    ),
    Entry(
        "onboarding.checklists",
        _("Onboarding checklists"),
        "checklist",
        "onboarding_checklist_changelist",
        "settings",
        22,
        "onboarding.view_checklist",
    ),
):
    entries.register(entry)
