"""What the staff groups may do with playbooks."""

from agentfactory_cs.console.shipping import grant

_READ = ("view_playbook", "view_playbookversion", "view_run", "view_runstep", "view_refusal", "view_preview")

grant("Viewer", "playbooks", *_READ)
grant("Support agent", "playbooks", *_READ)
grant("CSM", "playbooks", *_READ, "add_run", "change_run", "change_runstep")
grant(
    "CS manager",
    "playbooks",
    *_READ,
    "add_run",
    "change_run",
    "change_runstep",
    "add_playbook",
    "change_playbook",
    "add_playbookversion",
    "change_playbookversion",
    "publish_playbookversion",
)
