"""The events of onboarding."""

from agentfactory_cs.events.consumers import Consumer, consumers
from agentfactory_cs.events.registry import Trigger, triggers

from . import deliveries, following, provisioning
from .platform import triggers as _of_the_platform  # noqa: F401 - registers them

_STUCK: dict[str, type | tuple[type, ...]] = {"onboarding": int, "period": int, "blocker": str, "why": str}

for trigger in (
    Trigger(
        "onboarding.milestone_reached",
        "Milestone reached",
        "Reached a milestone: {title} ({source})",
        {"milestone": str, "title": str, "source": str, "detail": str},
        "flag_circle",
    ),
    Trigger(
        "onboarding.milestone_taken_back",
        "Milestone taken back",
        "{title} was taken back: {why}",
        {"milestone": str, "title": str, "why": str},
        "undo",
    ),
    Trigger(
        "onboarding.begun",
        "Onboarding begun",
        "Onboarding begun by {checklist}",
        {"onboarding": int, "checklist": str},
        "play_circle",
    ),
    Trigger("onboarding.not_begun", "Onboarding not begun", "Onboarding not begun: {why}", {"why": str}, "block"),
    Trigger(
        "onboarding.checklist_changed",
        "Checklist changed",
        "Onboarding goes on by {new} instead of {old}",
        {"onboarding": int, "old": str, "new": str},
        "checklist",
    ),
    Trigger("onboarding.stuck", "Stuck in onboarding", "Stuck in onboarding: {why}", _STUCK, "warning"),
    Trigger(
        "onboarding.unstuck",
        "No longer stuck in onboarding",
        "No longer stuck in onboarding: {why}",
        _STUCK,
        "check_circle",
    ),
    Trigger(
        "onboarding.completed",
        "Onboarding completed",
        "Onboarding completed after {days} days: {why}",
        {"onboarding": int, "why": str, "days": int},
        "celebration",
    ),
    Trigger(
        "onboarding.ended",
        "Onboarding ended without completion",
        "Onboarding ended after {days} days: {why}",
        {"onboarding": int, "why": str, "days": int},
        "logout",
    ),
):
    triggers.register(trigger)

consumers.register(Consumer("onboarding.following", "The course of onboardings", following.on_events))
consumers.register(Consumer("onboarding.set_up", "Tasks, departures and ids in account set-up", provisioning.on_events))
consumers.register(Consumer("onboarding.strangers", "Whom the platform's deliveries are about", deliveries.on_events))
