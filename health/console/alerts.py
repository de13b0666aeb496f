"""Alerts across the console: the line of the sidebar, the list's columns, a customer's panel, a card."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Exists, Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from agentfactory_cs.console.registry import (
    Card,
    Column,
    DefaultOrder,
    Entry,
    OrderedPart,
    Panel,
    Scope,
    cards,
    columns,
    default_orders,
    entries,
    panels,
)
from agentfactory_cs.console.templatetags.console import figure, when
from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.queries import in_scope

from ..explaining import Explanation
from ..models import Alert
from ..queries import current_day, explain_many
from .alert_state import state_cell
from .chips import chip_of

SUBJECT = "health.Alert"
PERMISSION = "health.view_alert"
SHOWN = 6
CLOSED_SHOWN = 3


def waiting(request: HttpRequest) -> QuerySet[Alert]:
    """Open alerts of the viewer; everybody's for who has neither alerts nor customers of their own."""
    alerts = Alert.objects.filter(state=Alert.State.OPEN)
    mine = alerts.filter(owner=request.user.pk)
    customers = Customer.objects.active().managed_by(request.user.pk)
    return alerts.filter(Q(owner=request.user.pk) | ~Exists(mine) & ~Exists(customers))


def _themselves(alerts: Sequence[Alert], now: datetime) -> Mapping[int, Alert]:
    return {alert.pk: alert for alert in alerts}


def _explained(alerts: Sequence[Alert], now: datetime) -> Mapping[int, Explanation | None]:
    """Each one's customer as it stands now: an alert may be days old."""
    day = current_day()
    found = explain_many(list({alert.customer_id for alert in alerts}), day) if day else {}
    return {alert.pk: found.get(alert.customer_id) for alert in alerts}


def _customer(alert: Alert) -> str:
    tier = alert.customer.get_tier_display()
    words = '<span class="af-two"><span class="af-name">{}</span><span class="af-quiet">{}</span></span>'
    return format_html(words, alert.customer.name, tier)


def _why(alert: Alert) -> str:
    fell = _now("%(kind)s: from %(before)s to %(score)s") if alert.shown_lost else _now("%(kind)s: at %(score)s")
    fell %= {
        "kind": alert.get_kind_display(),
        "before": figure(alert.shown_before),
        "score": figure(alert.shown),
    }
    first = next(iter(alert.sentences), "")
    words = '<span class="af-list-words"><b class="af-name">{}</b><span class="af-why" title="{}">{}</span></span>'
    return format_html(words, fell, "\n".join(alert.sentences), first)


def _since(alert: Alert) -> str:
    again = ngettext("%(n)s more day", "%(n)s more days", alert.repeats) % {"n": alert.repeats} if alert.repeats else ""
    words = '<span class="af-two"><span>{}</span><span class="af-quiet">{}</span></span>'
    return format_html(words, when(alert.day), again)


def _revenue(alert: Alert) -> str:
    if alert.mrr is None:
        return "–"
    return format_html('<span title="{}">{} {}</span>', _now("a month"), figure(float(alert.mrr)), alert.currency)


def _owner(alert: Alert) -> str:
    if alert.owner is None:
        return format_html('<span class="af-quiet">{}</span>', _now("nobody"))
    return alert.owner.get_full_name() or alert.owner.get_username()


for key, title, load, render, ordering, order in (
    ("customer", _("Customer"), _themselves, _customer, "customer__name", 0),
    ("score", _("Health now"), _explained, lambda explanation: chip_of(explanation).render(), None, 10),
    ("why", _("What, and why"), _themselves, _why, None, 20),
    ("since", _("Since"), _themselves, _since, "day", 30),
    ("revenue", _("MRR"), _themselves, _revenue, None, 40),
    ("owner", _("Owner"), _themselves, _owner, "owner__username", 50),
):
    columns.register(Column(f"health.alert_{key}", SUBJECT, title, load, render, ordering=ordering, order=order))


def _parts() -> list[OrderedPart]:
    """What nobody has taken up yet comes before what somebody is on."""
    is_open, by_stake = Q(state=Alert.State.OPEN), ("-rank", "-pk")
    return [OrderedPart(is_open, by_stake), OrderedPart(~is_open, by_stake)]


default_orders.register(
    DefaultOrder("health.alerts_at_stake", SUBJECT, _("open ones first, most revenue × points lost on top"), _parts)
)
entries.register(
    Entry("health.alerts", _("Alerts"), "notifications", "health_alert_changelist", "", 12, PERMISSION, waiting)
)
entries.register(
    Entry(
        "health.alert_rules",
        _("Alert rules"),
        "rule",
        "health_alertrule_changelist",
        "settings",
        52,
        "health.change_alertrule",
    )
)
entries.register(
    Entry(
        "health.settings",
        _("Health settings"),
        "monitor_heart",
        "health_healthsettings_changelist",
        "settings",
        53,
        "health.view_healthsettings",
    )
)


def of_customer(request: HttpRequest, customer: Customer) -> Mapping[str, Any] | None:
    """What is in force, to be worked in place, and the last that were closed; nothing where there never was one."""
    own = Alert.objects.filter(customer=customer).select_related("owner")
    in_force = list(own.unsettled().order_by("-opened_at"))
    closed = list(own.filter(state=Alert.State.CLOSED).order_by("-opened_at")[:CLOSED_SHOWN])
    if not in_force and not closed:
        return None
    may_work = request.user.has_perm("health.change_alert")
    return {"in_force": [(alert, state_cell(alert, may_work=may_work)) for alert in in_force], "closed": closed}


def at_stake(request: HttpRequest, scope: Scope) -> Mapping[str, Any] | None:
    """The open alerts with the most at stake, of the customers that the dashboard's filters leave."""
    if current_day() is None:
        return None
    found = Alert.objects.filter(state=Alert.State.OPEN).select_related("customer", "owner").order_by("-rank", "-pk")
    if scope.filters:
        found = found.filter(customer__in=in_scope(scope.filters))
    return {"alerts": list(found[:SHOWN])}


panels.register(
    Panel(
        "health.alerts",
        "customers.Customer",
        _("Alerts"),
        "admin/panels/alerts.html",
        of_customer,
        "side",
        5,
        PERMISSION,
    )
)
cards.register(Card("health.alerts", _("Open alerts"), "admin/cards/alerts.html", at_stake, 6, 22, PERMISSION))
