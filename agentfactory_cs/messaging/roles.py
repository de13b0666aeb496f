"""What the staff groups may do with surveys, mails, and notices to our own people."""

from agentfactory_cs.console.shipping import grant

_READ = (
    "view_survey",
    "view_response",
    "view_surveyrequest",
    "view_surveywording",
    "view_mailtemplate",
    "view_topic",
    "view_email",
    "view_suppression",
)
# What somebody who looks after customers does with their mail.
_DECIDE = ("add_email", "change_email", "add_suppression", "add_surveyrequest", "change_surveyrequest")
_WRITE = (
    "change_survey",
    "add_surveywording",
    "change_surveywording",
    "delete_surveywording",
    "add_mailtemplate",
    "change_mailtemplate",
    "change_topic",
    "view_notice",
    "change_notice",
    "change_suppression",
    "view_sendingpace",
    "change_sendingpace",
    "view_slackchannel",
    "add_slackchannel",
    "change_slackchannel",
    "delete_slackchannel",
)

for group in ("Viewer", "Support agent", "CSM", "CS manager"):
    more = _DECIDE if group in ("CSM", "CS manager") else ()
    grant(group, "messaging", *_READ, *more, *(_WRITE if group == "CS manager" else ()))
