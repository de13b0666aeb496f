"""What the staff groups may do with surveys."""

from agentfactory_cs.console.shipping import grant

for group in ("Viewer", "Support agent", "CSM", "CS manager"):
    more = ("change_survey",) if group == "CS manager" else ()
    grant(group, "messaging", "view_survey", "view_response", *more)
