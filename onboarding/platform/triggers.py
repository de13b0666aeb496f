"""The events of account set-up, and those the platform's webhooks tell of.

The latter keep the platform's own names, which begin with what they are about rather than with an app. Those of
conversations are too many for a timeline; they are not here, so no playbook can wait for one.
"""

from agentfactory_cs.events.registry import Trigger, triggers

_AGENT: dict[str, type | tuple[type, ...]] = {"agent_id": str, "user_id": str}
_USAGE: dict[str, type | tuple[type, ...]] = {
    "usage_type": str,
    "current_usage": (int, float),
    "threshold": (int, float),
    "percentage": (int, float),
}
_ERROR: dict[str, type | tuple[type, ...]] = {"agent_id": str}

PLATFORM = (
    Trigger("agent.created", "Agent created", "Agent {agent_id} was created", _AGENT, "smart_toy"),
    Trigger("agent.deployed", "Agent deployed", "Agent {agent_id} was deployed", _AGENT, "rocket_launch"),
    Trigger("agent.updated", "Agent changed", "Agent {agent_id} was changed", _AGENT, "edit"),
    Trigger("agent.deleted", "Agent deleted", "Agent {agent_id} was deleted", _AGENT, "delete"),
    Trigger(
        "agent.undeployed",
        "Agent taken out of service",
        "Agent {agent_id} was taken out of service",
        _AGENT,
        "power_off",
    ),
    Trigger(
        "usage.threshold",
        "Usage nears its limit",
        "Usage of {usage_type} is at {percentage} % of its limit",
        _USAGE,
        "trending_up",
    ),
    Trigger(
        "usage.limit",
        "Usage is at its limit",
        "Usage of {usage_type} has reached its limit",
        _USAGE,
        "production_quantity_limits",
    ),
    Trigger("error.occurred", "Error on the platform", "An error occurred in agent {agent_id}", _ERROR, "error"),
    Trigger(
        "error.resolved", "Error on the platform resolved", "An error in agent {agent_id} is resolved", _ERROR, "check"
    ),
)
SET_UP = (
    Trigger(
        "onboarding.setup_settled",
        "Step of account set-up settled",
        "Account set-up, {step}: {outcome}. {why}",
        {"step": str, "outcome": str, "why": str},
        "build",
    ),
    Trigger(
        "onboarding.setup_with_person",
        "Account set-up needs a person",
        "Account set-up, {step}, needs a person: {why}",
        {"step": str, "why": str, "task": int},
        "build_circle",
    ),
)

for trigger in (*SET_UP, *PLATFORM):
    triggers.register(trigger)
