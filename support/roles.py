"""What the staff groups may do with tickets and the desk."""

from agentfactory_cs.console.shipping import grant

_READ = (
    "view_ticket",
    "view_message",
    "view_attachment",
    "view_ticketchange",
    "view_ticketlink",
    "view_escalation",
    "view_team",
    "view_agent",
    "view_area",
    "view_businesscalendar",
    "view_serviceversion",
    "view_routingversion",
    "view_strongwords",
    "view_article",
    "view_translation",
    "view_articleversion",
    "view_verdict",
    "view_automaticanswer",
    "view_cannedreply",
)
_WORK = (
    *_READ,
    "add_ticket",
    "change_ticket",
    "add_message",
    "view_inboundmail",
    "change_inboundmail",
    "add_article",
    "change_article",
    "add_translation",
    "change_translation",
    "add_cannedreply",
    "change_cannedreply",
)
_LEAD = (
    *_WORK,
    "add_team",
    "change_team",
    "change_agent",
    "add_agent",
    "add_area",
    "change_area",
    "add_businesscalendar",
    "change_businesscalendar",
    "add_ownday",
    "change_ownday",
    "delete_ownday",
    "add_serviceversion",
    "change_serviceversion",
    "add_routingversion",
    "change_routingversion",
    "publish_routingversion",
    "add_strongwords",
    "change_strongwords",
    "delete_strongwords",
    "delete_cannedreply",
    "publish_article",
    "view_answeringsettings",
    "change_answeringsettings",
)

grant("Viewer", "support", *_READ)
grant("CSM", "support", *_READ, "add_ticket", "add_message")
grant("Support agent", "support", *_WORK)
grant("CS manager", "support", *_LEAD)
