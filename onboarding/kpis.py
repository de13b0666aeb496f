"""Key figures of onboarding. What customers say of it (onboarding CSAT) is in messaging's."""

from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.registry import Kpi, Scope, kpis

from .cohorts import TimeToValue, completion, stuck_on, time_to_value

PERMISSION = "onboarding.view_onboarding"


def _to_value(figure: Callable[[TimeToValue], float | None]) -> Callable[[Scope], float | None]:
    return lambda scope: figure(time_to_value(scope.since, scope.until, scope.filters))


def _completion_rate(scope: Scope) -> float | None:
    return completion(scope.since, scope.until, scope.filters).rate


def _stuck(scope: Scope) -> float:
    return stuck_on(scope.until, scope.filters)


def figures_page(scope: Scope) -> str:
    """Funnel and distribution, asked the same as the dashboard."""
    chosen = {"days": (scope.until - scope.since).days + 1, **scope.filters}
    return f"{reverse('admin:onboarding_onboarding_figures')}?{urlencode(chosen)}"


def stuck_board(scope: Scope) -> str:
    chosen: Mapping[str, str] = {"whose": "all", "stuck": "1", **scope.filters}
    return f"{reverse('admin:onboarding_onboarding_board')}?{urlencode(chosen)}"


for kpi in (
    Kpi(
        "onboarding.time_to_value",
        _("Time to first value"),
        _(
            "Mean days from signup to the first agent created, of the customers that created their first agent within"
            " the period."
        ),
        _("days"),
        _to_value(lambda found: found.mean),
        better="lower",
        link=figures_page,
        order=30,
        permission=PERMISSION,
    ),
    Kpi(
        "onboarding.time_to_value_median",
        _("First value, median"),
        _("Half of the customers that created their first agent within the period needed fewer days from signup."),
        _("days"),
        _to_value(lambda found: found.median),
        better="lower",
        link=figures_page,
        order=31,
        permission=PERMISSION,
    ),
    Kpi(
        "onboarding.completion_rate",
        _("Onboarding completed"),
        _(
            "Onboardings completed by the end of the period, as a share of all that began within it. It takes about two"
            " weeks: look at 28 days or more."
        ),
        "%",
        _completion_rate,
        link=figures_page,
        order=32,
        permission=PERMISSION,
    ),
    Kpi(
        "onboarding.stuck",
        _("Stuck in onboarding"),
        _("Customers that were stuck in onboarding at the end of the period."),
        "",
        _stuck,
        better="lower",
        decimals=0,
        link=stuck_board,
        order=33,
        permission=PERMISSION,
    ),
):
    kpis.register(kpi)
