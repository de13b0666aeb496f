"""Key figures of health: the average, and the shares at risk and healthy."""

from collections.abc import Callable

from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.registry import Kpi, Scope, kpis

from .console.cards import band_list
from .queries import Shape, shape
from .rules import AT_RISK, HEALTHY


def _of(figure: Callable[[Shape], float | None]) -> Callable[[Scope], float | None]:
    """A figure of the scores as they stood at the end of the period; None where there were none."""

    def value(scope: Scope) -> float | None:
        stood = shape(scope.until, scope.filters)
        return figure(stood) if stood and stood.scored else None

    return value


def _list_of(band: str) -> Callable[[Scope], str]:
    return lambda scope: band_list(band, scope)


PERMISSION = "health.view_healthscore"

kpis.register(
    Kpi(
        "health.average",
        _("Average health score"),
        _("Mean score that counts (set by hand or computed) of all customers, on the period's last scored day."),
        _("of 100"),
        _of(lambda stood: stood.average),
        link=_list_of(""),
        order=10,
        permission=PERMISSION,
    )
)
kpis.register(
    Kpi(
        "health.at_risk_share",
        _("At risk"),
        _("Share of scored customers below 50 (the band of their scorecard), on the period's last scored day."),
        "%",
        _of(lambda stood: 100 * stood.at_risk / stood.scored),
        better="lower",
        link=_list_of(AT_RISK),
        order=11,
        permission=PERMISSION,
    )
)
kpis.register(
    Kpi(
        "health.healthy_share",
        _("Healthy"),
        _("Share of scored customers above 80 (the band of their scorecard), on the period's last scored day."),
        "%",
        _of(lambda stood: 100 * stood.healthy / stood.scored),
        link=_list_of(HEALTHY),
        order=12,
        permission=PERMISSION,
    )
)
