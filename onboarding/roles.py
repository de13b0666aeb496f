"""What the staff groups may do with onboarding."""

from agentfactory_cs.console.shipping import grant

_READ = (
    "view_onboarding",
    "view_milestone",
    "view_stuckperiod",
    "view_checklist",
    "view_checklistversion",
    "view_provisioningstep",
    "view_platformdelivery",
)
_WORK = (*_READ, "change_onboarding", "add_milestone", "delete_milestone", "change_provisioningstep")
_LEAD = (
    *_WORK,
    "change_checklist",
    "add_checklistversion",
    "change_checklistversion",
    "publish_checklistversion",
    "change_platformdelivery",
)

grant("Viewer", "onboarding", *_READ)
grant("Support agent", "onboarding", *_READ)
grant("CSM", "onboarding", *_WORK)
grant("CS manager", "onboarding", *_LEAD)
