"""What follows for account set-up from events: finished tasks, departures, platform ids and contacts that appear."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet

from agentfactory_cs.customers.models import Customer, Task
from agentfactory_cs.events.models import Event

from ..models import ProvisioningStep
from .people import take_back
from .settling import settle, tenant_words

Kind, State = ProvisioningStep.Kind, ProvisioningStep.State
OPEN = (State.WAITING, State.WITH_PERSON)


def on_events(events: Sequence[Event], now: datetime) -> None:
    """The consumer of events."""
    tasks = {event.data.get("task"): event for event in events if event.trigger == "customers.task_finished"}
    if tasks:
        _settle_by_tasks(tasks, now)
    if left := _named(events, "customers.churned"):
        _give_up(left, now)
    if named := _named(events, "customers.external_id_changed"):
        _go_on_with(named, now)
    if reachable := _named(events, "customers.contact_added"):
        steps = ProvisioningStep.objects.filter(customer__in=reachable, kind=Kind.ACCOUNT, state=State.WAITING)
        steps.filter(attempts=0, not_before__gt=now).update(not_before=now)


def _named(events: Sequence[Event], trigger: str) -> set[int]:
    return {event.customer_id for event in events if event.trigger == trigger}


def _settle_by_tasks(tasks: dict[int | None, Event], now: datetime) -> None:
    steps = _locked(ProvisioningStep.objects.filter(task__in=[pk for pk in tasks if pk], state=State.WITH_PERSON))
    for step in steps:
        assert step.task is not None
        if step.task.status == Task.Status.OPEN:  # finished by mistake, and open again
            continue
        event, skipped = tasks[step.task.pk], step.task.status == Task.Status.SKIPPED
        verb = "Skipped" if skipped else "Done"
        because = step.task.outcome or f"{verb} by {event.by_label}."
        settle(step, State.NOT_NEEDED if skipped else State.DONE, because=because, by=event.by, now=now)


def _give_up(customer_ids: set[int], now: datetime) -> None:
    gone = Customer.objects.filter(pk__in=customer_ids, lifecycle_stage=Customer.Stage.CHURNED)
    because = "The customer has left us."
    for step in _locked(ProvisioningStep.objects.filter(customer__in=gone, state__in=OPEN)):
        step.refresh_from_db(fields=("state",))
        if step.state in OPEN:  # the account's end may have settled it
            take_back(step, status=Task.Status.SKIPPED, outcome=because, by=None, now=now)
            settle(step, State.NOT_NEEDED, because=because, now=now)


def _go_on_with(customer_ids: set[int], now: datetime) -> None:
    """Whoever told us its platform id: the account is there."""
    named = ProvisioningStep.objects.filter(customer__in=customer_ids, kind=Kind.ACCOUNT, state__in=OPEN)
    for step in _locked(named.exclude(customer__external_id=None)):
        because = tenant_words(step.customer)
        take_back(step, status=Task.Status.DONE, outcome=because, by=None, now=now)
        settle(step, State.DONE, because=because, result={"tenant_id": step.customer.external_id}, now=now)


def _locked(steps: "QuerySet[ProvisioningStep]") -> "QuerySet[ProvisioningStep]":
    related = steps.select_related("customer__success_manager", "task")
    return related.select_for_update(of=("self",)).order_by("customer_id", "position")
