"""What the staff groups may do with surveys, and with notices to our own people."""

from agentfactory_cs.console.shipping import grant

for group in ("Viewer", "Support agent", "CSM", "CS manager"):
    more = ("change_survey", "view_notice", "change_notice") if group == "CS manager" else ()
    grant(group, "messaging", "view_survey", "view_response", *more)
