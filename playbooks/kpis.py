"""Key figures of playbooks: how often they achieve what they are for."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.registry import Kpi, Scope, kpis

from .queries import goals_between


def _goal_rate(scope: Scope) -> float | None:
    arm = goals_between(scope.since, scope.until, scope.filters)
    return 100 * arm.share if arm.size else None


kpis.register(
    Kpi(
        "playbooks.goal_rate",
        _("Playbook goals reached"),
        _("Share of the runs whose days for the goal ended in the period that reached it, those held out apart."),
        "%",
        _goal_rate,
        link=lambda scope: f"{reverse('admin:playbooks_run_changelist')}?which=all",
        order=45,
        permission="playbooks.view_run",
    )
)
