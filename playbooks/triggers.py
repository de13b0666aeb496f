"""The events that playbooks announce, and the events they act on."""

from agentfactory_cs.events.consumers import Consumer, consumers
from agentfactory_cs.events.registry import Trigger, triggers

from . import entering, watching

_RUN: dict[str, type | tuple[type, ...]] = {"playbook": str, "run": int, "why": str}

for trigger in (
    Trigger("playbooks.run_started", "Playbook started", "Entered {playbook}: {why}", _RUN, "play_circle"),
    Trigger("playbooks.run_ended", "Playbook ended", "{playbook} ended: {why}", _RUN, "stop_circle"),
    Trigger("playbooks.goal_reached", "Playbook's goal reached", "Reached the goal of {playbook}: {why}", _RUN, "flag"),
    Trigger("playbooks.step_failed", "Playbook step failed", "A step of {playbook} failed: {why}", _RUN, "error"),
):
    triggers.register(trigger)

consumers.register(Consumer("playbooks.entering", "Customers entering playbooks", entering.on_events))
consumers.register(Consumer("playbooks.watching", "Tasks and departures in playbooks", watching.on_events))
