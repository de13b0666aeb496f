"""Onboarding's lines of the sidebar."""

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.registry import Entry, entries

from ..models import StuckPeriod


def stuck(request: HttpRequest) -> QuerySet[StuckPeriod]:
    """Everybody who is stuck now: the index of open periods holds no other."""
    return StuckPeriod.objects.filter(ended_at=None)


entries.register(
    Entry(
        "onboarding.board",
        _("Onboarding"),
        "rocket_launch",
        "onboarding_onboarding_board",
        "",
        40,
        "onboarding.view_onboarding",
        stuck,
    )
)
