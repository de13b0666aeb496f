"""Onboarding on the dashboard: how far those who signed up have come, and who is stuck."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.registry import Card, Scope, Words, cards
from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.queries import narrowed

from ..cohorts import MILESTONES, Cohort, cohorts
from ..kpis import PERMISSION, figures_page, stuck_board
from ..models import Onboarding, StuckPeriod
from ..standing import Line, lines

SHOWN = 6


def funnel(request: HttpRequest, scope: Scope) -> Mapping[str, Any] | None:
    """Of the onboardings that began within the period; left out while there never was one."""
    if not Onboarding.objects.exists():
        return None
    whole = next(iter(cohorts("whole", scope.since, scope.until, scope.filters)), None)
    return {"cohort": whole, "rows": _rows(whole) if whole else (), "link": figures_page(scope)}


def _rows(cohort: Cohort) -> Sequence[tuple[Words, int, float]]:
    """Words, customers, and their share in percent of those that began."""
    reached: list[tuple[Words, int]] = [(title, cohort.reached.get(key, 0)) for key, title in MILESTONES]
    whole = [(_("Begun"), cohort.started), *reached, (_("Completed"), cohort.completed)]
    return [(words, number, cohort.share(number)) for words, number in whole]


def stuck(request: HttpRequest, scope: Scope) -> Mapping[str, Any] | None:
    if not Onboarding.objects.exists():
        return None
    here = Q(onboarding__customer__in=narrowed(Customer.objects.all(), scope.filters)) if scope.filters else Q()
    periods = StuckPeriod.objects.filter(here, ended_at=None).select_related("onboarding").order_by("since", "pk")
    longest = [period.onboarding for period in periods[: SHOWN + 1]]
    told = lines(longest[:SHOWN], scope.now)
    shown: list[Line] = [told[one.pk] for one in longest[:SHOWN]]
    return {"lines": shown, "more": len(longest) > SHOWN, "link": stuck_board(scope)}


cards.register(Card("onboarding.funnel", _("Onboarding"), "admin/cards/onboarding.html", funnel, 6, 40, PERMISSION))
cards.register(
    Card("onboarding.stuck", _("Stuck in onboarding"), "admin/cards/onboarding_stuck.html", stuck, 6, 41, PERMISSION)
)
