"""The customers' lines of the sidebar."""

from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.registry import Entry, entries


def _entry(model: str, title: object, icon: str, section: str, order: int) -> Entry:
    return Entry(
        f"customers.{model}",
        title,  # type: ignore[arg-type]
        icon,
        f"customers_{model}_changelist",
        section,  # type: ignore[arg-type]
        order,
        f"customers.view_{model}",
    )


for entry in (
    _entry("customer", _("Customers"), "apartment", "", 10),
    _entry("task", _("Tasks"), "task_alt", "", 20),
    _entry("interaction", _("Interactions"), "forum", "", 30),
    _entry("segment", _("Segments"), "filter_alt", "records", 5),
    _entry("contact", _("Contacts"), "contacts", "records", 10),
    _entry("subscription", _("Subscriptions"), "receipt_long", "records", 20),
    _entry("goal", _("Goals"), "target", "records", 30),
    _entry("outcomereport", _("Outcome reports"), "paid", "records", 31),
    _entry("renewalestimate", _("Renewal estimates"), "percent", "records", 40),
    _entry("training", _("Training"), "school", "records", 50),
    _entry("churn", _("Departures"), "logout", "records", 60),
    _entry("company", _("Company"), "storefront", "settings", 10),
    _entry("staffprofile", _("Team"), "badge", "settings", 20),
    _entry("feature", _("Features"), "extension", "settings", 30),
    _entry("tag", _("Tags"), "sell", "settings", 31),
):
    entries.register(entry)
