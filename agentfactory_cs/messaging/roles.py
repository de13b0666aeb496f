"""What the staff groups may do with surveys, mails, and notices to our own people."""

from agentfactory_cs.console.shipping import grant

_READ = ("view_survey", "view_response", "view_mailtemplate", "view_topic")
_WRITE = (
    "change_survey",
    "add_mailtemplate",
    "change_mailtemplate",
    "change_topic",
    "view_notice",
    "change_notice",
)

for group in ("Viewer", "Support agent", "CSM", "CS manager"):
    grant(group, "messaging", *_READ, *(_WRITE if group == "CS manager" else ()))
