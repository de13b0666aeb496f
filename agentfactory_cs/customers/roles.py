"""What the staff groups may do with customers."""

from agentfactory_cs.console.shipping import grant

_THINGS = (
    "customer",
    "contact",
    "subscription",
    "goal",
    "goalreading",
    "outcomereport",
    "interaction",
    "task",
    "training",
    "renewalestimate",
    "tag",
    "segment",
)
_READ = tuple(f"view_{thing}" for thing in (*_THINGS, "churn", "feature", "customerchange", "subscriptionchange"))
_WRITE = tuple(f"{verb}_{thing}" for thing in _THINGS for verb in ("add", "change"))

grant("Viewer", "customers", *_READ)
grant("Support agent", "customers", *_READ, "add_interaction", "add_task", "change_task")
# A segment is the work of whoever looks after customers; a CSM also takes away her own.
grant("CSM", "customers", *_READ, *_WRITE, "add_churn", "change_churn", "delete_segment")
grant(
    "CS manager",
    "customers",
    *_READ,
    *_WRITE,
    *(f"delete_{thing}" for thing in _THINGS),
    "add_churn",
    "change_churn",
    "delete_churn",
    "add_usageday",
    "change_usageday",
    "add_feature",
    "change_feature",
    "view_company",
    "change_company",
    "view_staffprofile",
    "add_staffprofile",
    "change_staffprofile",
)
