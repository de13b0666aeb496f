"""The events that playbooks announce, and the events they act on."""

from collections.abc import Sequence
from datetime import datetime

from agentfactory_cs.events.consumers import Consumer, consumers
from agentfactory_cs.events.models import Event
from agentfactory_cs.events.registry import Trigger, triggers

from . import entering, watching
from .tasks import ring

_RUN: dict[str, type | tuple[type, ...]] = {"playbook": str, "run": int, "why": str}

for trigger in (
    Trigger("playbooks.run_started", "Playbook started", "Entered {playbook}: {why}", _RUN, "play_circle"),
    Trigger("playbooks.run_ended", "Playbook ended", "{playbook} ended: {why}", _RUN, "stop_circle"),
    Trigger("playbooks.goal_reached", "Playbook's goal reached", "Reached the goal of {playbook}: {why}", _RUN, "flag"),
    Trigger("playbooks.step_failed", "Playbook step failed", "A step of {playbook} failed: {why}", _RUN, "error"),
):
    triggers.register(trigger)


def _let_in(events: Sequence[Event], now: datetime) -> None:
    entering.on_events(events, now)
    ring()


def _watch(events: Sequence[Event], now: datetime) -> None:
    watching.on_events(events, now)
    ring()


consumers.register(Consumer("playbooks.entering", "Customers entering playbooks", _let_in))
consumers.register(Consumer("playbooks.watching", "Tasks, departures, readers in playbooks", _watch))
