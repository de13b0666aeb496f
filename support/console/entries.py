"""Support's lines of the sidebar."""

from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.registry import Entry, entries

for key, title, icon, order, model in (
    ("routing", _("Routing"), "alt_route", 40, "routingversion"),
    ("teams", _("Support teams"), "groups", 41, "team"),
    ("agents", _("Support agents"), "support_agent", 42, "agent"),
    ("areas", _("Product areas"), "category", 43, "area"),
    ("strong_words", _("Strong words"), "sentiment_very_dissatisfied", 44, "strongwords"),
):
    entries.register(
        Entry(f"support.{key}", title, icon, f"support_{model}_changelist", "settings", order, f"support.view_{model}")
    )
