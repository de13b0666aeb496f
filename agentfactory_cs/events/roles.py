"""What the staff groups may do with events: read them; webhooks are the managers'."""

from agentfactory_cs.console.shipping import grant

_WEBHOOKS = (
    "view_webhookendpoint",
    "add_webhookendpoint",
    "change_webhookendpoint",
    "delete_webhookendpoint",
    "view_webhookdelivery",
    "change_webhookdelivery",
)

for group in ("Viewer", "Support agent", "CSM", "CS manager"):
    grant(group, "events", "view_event", *(_WEBHOOKS if group == "CS manager" else ()))
