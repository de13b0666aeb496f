"""The list of overrides: its line in the sidebar and its order."""

from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.registry import DefaultOrder, Entry, OrderedPart, default_orders, entries

entries.register(
    Entry(
        "health.overrides",
        _("Overrides"),
        "edit_note",
        "health_healthoverride_changelist",
        "records",
        60,
        "health.view_healthoverride",
    )
)
default_orders.register(
    DefaultOrder(
        "health.disagreements",
        "health.HealthOverride",
        _("largest difference between person and score first"),
        lambda: [OrderedPart(Q(), (F("apart").desc(nulls_last=True), "pk"))],
    )
)
