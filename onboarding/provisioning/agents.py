"""Which agents account set-up made: they are ours, and no first agent of the customer's own."""

import hashlib
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field

from ..models import ProvisioningStep

Kind, State = ProvisioningStep.Kind, ProvisioningStep.State
MAKERS = (Kind.CONFIGURATION, Kind.AGENT, Kind.KNOWLEDGE_BASE)


@dataclass
class Made:
    """What set-up made for a customer; while it is making more, their ids are not all known."""

    agents: set[str] = field(default_factory=set)
    is_under_way: bool = False


def agent_id(tenant_id: str) -> str:
    """The id of a tenant's initial agent: the same with every attempt, so that there is never a second one."""
    digest = hashlib.sha256(f"agentfactory-cs:{tenant_id}".encode()).hexdigest()
    return f"initial-{digest[:24]}"


def made_for(customer_ids: Collection[int]) -> dict[int, Made]:
    """By customer, of those that have a set-up; one query."""
    made: dict[int, Made] = defaultdict(Made)
    steps = ProvisioningStep.objects.filter(customer__in=customer_ids, kind__in=MAKERS).order_by()
    for customer_id, tenant_id, state, result in steps.values_list(
        "customer_id", "customer__external_id", "state", "result"
    ):
        ours = made[customer_id]
        ours.agents.update(result.get("agents", ()))
        ours.agents.update({agent_id(tenant_id)} if tenant_id else ())
        ours.is_under_way |= state == State.CALLING
    return dict(made)
