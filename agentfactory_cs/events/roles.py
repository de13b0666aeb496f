"""What the staff groups may do with events: read them."""

from agentfactory_cs.console.shipping import grant

for group in ("Viewer", "Support agent", "CSM", "CS manager"):
    grant(group, "events", "view_event")
