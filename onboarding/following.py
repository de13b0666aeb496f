"""What onboarding does about events: signups begin it, departures end it, finished tasks reach milestones."""

from collections.abc import Sequence
from datetime import datetime

from agentfactory_cs.customers.models import Customer
from agentfactory_cs.events.models import Event

from . import aftermath, course, evidence, provisioning, stuck


def on_events(events: Sequence[Event], now: datetime) -> None:
    """The consumer of events. A batch of signups begins at once; the rest follows in the order it happened."""
    _signups(_of(events, "customers.signed_up"), now)
    evidence.from_tasks(_of(events, "customers.task_finished"), now=now)
    for event in events:
        if event.trigger in ("customers.stage_changed", "customers.churned"):
            course.follow_stage(event.customer_id, by=event.by, now=now)
        elif event.trigger == "customers.tier_changed":
            course.follow_tier(event.customer_id, by=event.by, now=now)
    _milestones(_of(events, "onboarding.milestone_reached"), now)
    aftermath.follow(_of(events, "onboarding.completed"), now=now)


def _of(events: Sequence[Event], trigger: str) -> list[Event]:
    return [event for event in events if event.trigger == trigger]


def _signups(events: Sequence[Event], now: datetime) -> None:
    if events:
        newcomers = Customer.objects.filter(pk__in={event.customer_id for event in events})
        begun = course.begin_all(list(newcomers), now=now)
        provisioning.prepare([onboarding.customer for onboarding in begun], now=now)


def _milestones(events: Sequence[Event], now: datetime) -> None:
    """Who reaches the last one is done; who was stuck goes on."""
    if customer_ids := {event.customer_id for event in events}:
        course.complete_reached(customer_ids=customer_ids, now=now)
        stuck.look(customer_ids=customer_ids, now=now)
