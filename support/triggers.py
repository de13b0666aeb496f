"""The events of support."""

from agentfactory_cs.events.consumers import Consumer, consumers
from agentfactory_cs.events.registry import Trigger, triggers

from . import escalating

for trigger in (
    Trigger(
        "support.ticket_escalated",
        "Ticket escalated",
        "Ticket #{ticket} {subject} was escalated: {why}",
        {"ticket": int, "subject": str, "reason": str, "why": str, "team": str},
        "priority_high",
    ),
):
    triggers.register(trigger)

consumers.register(Consumer("support.escalating", "Tickets of enterprise customers at risk", escalating.on_events))
