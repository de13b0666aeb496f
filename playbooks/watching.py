"""What happens to runs from outside: events, goals reached, conditions to leave by."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from agentfactory_cs.customers.conditions import Condition
from agentfactory_cs.customers.models import Customer, Task
from agentfactory_cs.events.models import Event
from agentfactory_cs.events.services import record_all

from .contacts import wake_mail
from .faults import contained
from .models import PlaybookVersion, Run, RunStep
from .models.run import RunState, StepState
from .steps import end_run, settle
from .unsubscribing import end_sequences
from .words import LEFT_US, exit_words

BATCH = 500


def on_events(events: Sequence[Event], now: datetime) -> None:
    """The consumer of events: finished tasks settle their steps, a departure ends all runs of the customer, a reader
    who unsubscribes ends the sequences that would write to them, and a new contact gets the mail that waited."""
    for event in events:
        if event.trigger == "customers.task_finished" and "task" in event.data:
            _settle_by_task(event, now)
        elif event.trigger == "customers.churned":
            _end_all(event, now)
        elif event.trigger == "messaging.unsubscribed":
            end_sequences(event, now)
        elif event.trigger == "customers.contact_added":
            wake_mail(event.customer_id, now)


def _settle_by_task(event: Event, now: datetime) -> None:
    run_ids = RunStep.objects.filter(task=event.data["task"]).values("run")
    for run in _locked(Run.objects.filter(pk__in=run_ids)):
        step = run.steps.filter(task=event.data["task"], state=StepState.WITH_PERSON).select_related("task").first()
        # One that was finished by mistake and is open again settles nothing.
        if step and step.task and step.task.status != Task.Status.OPEN:
            step.run = run
            skipped = step.task.status == Task.Status.SKIPPED
            state = StepState.SKIPPED if skipped else StepState.DONE
            because = step.task.outcome or (f"Skipped by {event.by_label}." if skipped else "")
            settle(step, state, because=because, by=event.by, now=now)


def _end_all(event: Event, now: datetime) -> None:
    for run in _locked(Run.objects.under_way().filter(customer=event.customer_id)):
        end_run(run, RunState.EXITED, because=LEFT_US, now=now)


def _locked(runs: QuerySet[Run]) -> QuerySet[Run]:
    return runs.select_related("customer", "playbook", "version").select_for_update(of=("self",)).order_by("pk")


def let_out(*, now: datetime) -> int:
    """End the runs whose exit condition holds by now; returns how many. One query a version to find them."""
    ended = 0
    under_way = Run.objects.under_way().filter(version=OuterRef("pk"))
    for version in PlaybookVersion.objects.filter(Exists(under_way)).select_related("playbook"):
        with contained(version, now=now):
            ended += _let_out_of(version, now)
    return ended


def _let_out_of(version: PlaybookVersion, now: datetime) -> int:
    way_out = version.plan.exit
    if way_out is None:
        return 0
    condition, ended = Condition.from_data(way_out, "exit"), 0
    fitting = condition.narrow(Customer.objects.filter(playbook_runs__version=version), now)
    runs = Run.objects.under_way().filter(version=version, customer__in=fitting.values("pk"))
    while batch := list(runs.values_list("pk", "customer_id")[:BATCH]):
        ended += _let_out(batch, condition, now)
    return ended


@transaction.atomic
def _let_out(batch: Sequence[tuple[int, int]], condition: Condition, now: datetime) -> int:
    judged = condition.judge([customer_id for _pk, customer_id in batch], now)
    runs = list(_locked(Run.objects.under_way().filter(pk__in=[pk for pk, _customer_id in batch])))
    for run in runs:
        end_run(run, RunState.EXITED, because=exit_words(judged[run.customer_id]), now=now)
    return len(runs)


def note_goals(*, now: datetime) -> int:
    """Mark the runs, held-out ones too, whose goal is reached; returns how many. One query a version, and one a moment
    at which the days of some for their goal ended since the last look: those are asked as of that moment."""
    wanted = Run.objects.filter(goal_until__isnull=False, goal_reached_at=None, goal_closed_at=None)
    reached = 0
    for version in PlaybookVersion.objects.filter(Exists(wanted.filter(version=OuterRef("pk")))):
        with contained(version, now=now):
            runs = wanted.filter(version=version)
            reached += _note_goals(version, runs.filter(goal_until__gt=now), at=now, now=now)
            over = runs.filter(goal_until__lte=now).order_by("goal_until").values_list("goal_until", flat=True)
            for at in list(over.distinct()):
                reached += _close_goals(version, runs, at or now, now)
    return reached


@transaction.atomic
def _close_goals(version: PlaybookVersion, wanted: QuerySet[Run], at: datetime, now: datetime) -> int:
    """The last look at those whose days ended at a moment."""
    ended = wanted.filter(goal_until=at)
    reached = _note_goals(version, ended, at=at, now=now)
    ended.update(goal_closed_at=now)
    return reached


@transaction.atomic
def _note_goals(version: PlaybookVersion, runs: QuerySet[Run], *, at: datetime, now: datetime) -> int:
    goal = version.plan.goal
    if goal is None:
        return 0
    condition = Condition.from_data(goal.when, "goal.when")
    there = condition.narrow(Customer.objects.filter(pk__in=runs.values("customer")), at).values("pk")
    reached = list(
        runs.filter(customer__in=there)
        .select_related("customer", "playbook")
        .select_for_update(of=("self",))
        .order_by("pk")
    )
    Run.objects.filter(pk__in=[run.pk for run in reached]).update(goal_reached_at=at)
    why = condition.sentence()
    told = ((run.customer, {"playbook": run.playbook.name, "run": run.pk, "why": why}) for run in reached)
    record_all("playbooks.goal_reached", told, now=now)
    return len(reached)
