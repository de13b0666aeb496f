"""Key figures of the customer base."""

from datetime import timedelta

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.registry import Kpi, Scope, kpis

from .queries import customers_on, departures_between


def _customers(scope: Scope) -> float:
    return customers_on(scope.until, scope.filters)


def _churn(scope: Scope) -> float | None:
    """None where nobody was there at the beginning."""
    at_start = customers_on(scope.since - timedelta(days=1), scope.filters)
    return 100 * departures_between(scope.since, scope.until, scope.filters) / at_start if at_start else None


kpis.register(
    Kpi(
        "customers.active",
        _("Customers"),
        _("Customers that had signed up and not left by the end of the period."),
        "",
        _customers,
        decimals=0,
        link=lambda scope: reverse("admin:customers_customer_changelist") + "?whose=all",
        order=40,
        permission="customers.view_customer",
    )
)
kpis.register(
    Kpi(
        "customers.logo_churn",
        _("Logo churn"),
        _("Customers that left within the period, as a share of those there when it began."),
        "%",
        _churn,
        better="lower",
        decimals=2,
        link=lambda scope: reverse("admin:customers_churn_changelist"),
        order=41,
        permission="customers.view_churn",
    )
)
