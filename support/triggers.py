"""The events of support."""

from agentfactory_cs.events.consumers import Consumer, consumers
from agentfactory_cs.events.registry import Trigger, triggers

from . import escalating

_TICKET: dict[str, type | tuple[type, ...]] = {"ticket": int, "subject": str}

for trigger in (
    Trigger(
        "support.ticket_opened",
        "Ticket opened",
        "Opened #{ticket}: {subject} ({severity}, by {channel})",
        {**_TICKET, "severity": str, "channel": str, "team": str, "is_automatic": bool},
        "confirmation_number",
    ),
    Trigger(
        "support.customer_replied",
        "Customer replied to a ticket",
        "Wrote in #{ticket}: {subject}",
        {**_TICKET, "text": str},
        "reply",
    ),
    Trigger(
        "support.ticket_answered",
        "Ticket answered",
        "{by} answered #{ticket}: {subject}",
        {**_TICKET, "by": str},
        "send",
    ),
    Trigger(
        "support.ticket_moved",
        "Ticket moved",
        "#{ticket} went from {from} to {to}: {subject}",
        {**_TICKET, "from": str, "to": str, "why": str},
        "swap_horiz",
    ),
    Trigger(
        "support.solution_judged",
        "Customer said whether it was solved",
        "Said of #{ticket} that it is {said}: {subject}",
        {**_TICKET, "said": str, "solved": bool, "comment": str},
        "thumbs_up_down",
    ),
    Trigger(
        "support.ticket_escalated",
        "Ticket escalated",
        "#{ticket} was escalated: {why}",
        {**_TICKET, "reason": str, "why": str, "team": str},
        "priority_high",
    ),
    Trigger(
        "support.service_warned",
        "Service level about to be missed",
        "The {clock} of #{ticket} is due soon: {subject}",
        {**_TICKET, "clock": str},
        "timer",
    ),
    Trigger(
        "support.service_breached",
        "Service level missed",
        "The {clock} of #{ticket} is overdue: {subject}",
        {**_TICKET, "clock": str},
        "timer_off",
    ),
):
    triggers.register(trigger)

consumers.register(Consumer("support.escalating", "Tickets of enterprise customers at risk", escalating.on_events))
