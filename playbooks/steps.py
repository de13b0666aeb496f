"""Settling a step, and what follows from it: steps behind it, and the end of the run."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError

from agentfactory_cs.customers.models import Task
from agentfactory_cs.customers.services.relationship import finish_task
from agentfactory_cs.events.services import Actor, actor_user, record

from .models import Run, RunStep
from .models.run import RunState, StepState
from .moments import due_at, sends_mail, zones_of
from .rules import Step
from .way import Place, released


def settle(
    step: RunStep,
    state: StepState,
    *,
    because: str = "",
    outcome: str = "",
    result: dict[str, Any] | None = None,
    by: Actor = None,
    now: datetime,
) -> None:
    """Done, skipped or cancelled; then the steps behind it get their time, and the last one ends the run.

    Call it with the run locked. Raises ValidationError where the step is settled already.
    """
    _move(step, state, because)
    step.outcome, step.settled_at, step.settled_by = outcome, now, actor_user(by)
    step.result = {**step.result, **(result or {})}
    step.save()
    _release(step.run, now=now)
    finish_if_settled(step.run, now=now)


def _move(step: RunStep, state: StepState, because: str) -> None:
    if state not in RunStep.TRANSITIONS[StepState(step.state)]:
        raise ValidationError(
            f"A step that is {step.get_state_display().lower()} cannot become {state.label.lower()}.", code="conflict"
        )
    step.state, step.because = state, because


def put_off(step: RunStep, until: datetime, because: str) -> None:
    """Try it again later; the reason is shown meanwhile."""
    step.not_before, step.because = until, because
    step.save(update_fields=("not_before", "because", "attempts"))


def hand_over(step: RunStep, task: Task) -> None:
    """A person has it now: the task settles it."""
    _move(step, StepState.WITH_PERSON, "")
    step.task = task
    step.save()


def fail(step: RunStep, because: str, *, now: datetime) -> None:
    """For good, until somebody tries it again or skips it."""
    _move(step, StepState.FAILED, because)
    step.save()
    record("playbooks.step_failed", step.run.customer, _told(step.run, because), now=now)


def end_run(run: Run, state: RunState, *, because: str, by: Actor = None, now: datetime) -> None:
    """End a run (locked): what is not settled is cancelled, and tasks that only it asked for are skipped.

    Raises ValidationError where it has ended already.
    """
    if state not in Run.TRANSITIONS[RunState(run.state)]:
        raise ValidationError(
            f"A run that is {run.get_state_display().lower()} cannot become {state.label.lower()}.", code="conflict"
        )
    run.state, run.ended_at, run.ended_by, run.ended_because = state, now, actor_user(by), because
    run.paused_at = run.paused_by = None
    run.save()
    unsettled = run.steps.exclude(state__in=RunStep.SETTLED)
    for task in Task.objects.open().filter(pk__in=unsettled.values("task")):
        finish_task(task, status=Task.Status.SKIPPED, outcome=f"No longer needed: {because}", by=by, now=now)
    unsettled.update(state=StepState.CANCELLED, settled_at=now, settled_by=actor_user(by), because=because)
    record("playbooks.run_ended", run.customer, _told(run, because), by=by, now=now)


def _told(run: Run, because: str) -> dict[str, object]:
    return {"playbook": run.playbook.name, "run": run.pk, "why": because}


def finish_if_settled(run: Run, *, now: datetime) -> None:
    """The last step ends the run; that of a paused one does when it is resumed."""
    if run.state == RunState.RUNNING and not run.steps.exclude(state__in=RunStep.SETTLED).exists():
        end_run(run, RunState.FINISHED, because="Every step is settled.", now=now)


def _release(run: Run, *, now: datetime) -> None:
    """Give a time to the steps whose branch and predecessor are settled, in their order: skipping one may skip
    those behind it."""
    rows = {row.key: row for row in run.steps.all()}
    places = {key: _place(row) for key, row in rows.items()}
    for plan, reason in released(run.version.plan.steps, places):
        row = rows[plan.key]
        if reason:
            row.state, row.because, row.settled_at = StepState.SKIPPED, reason, now
        else:
            row.due_at = row.not_before = max(_moment(plan, run), now)
        row.save()


def _place(row: RunStep) -> Place:
    # What has begun (with a person, failed) is not released a second time either.
    is_timed = row.state != StepState.WAITING or row.not_before is not None
    return Place(is_timed, row.state in RunStep.SETTLED, row.state == StepState.DONE, row.outcome)


def _moment(plan: Step, run: Run) -> datetime:
    zone = zones_of([run.customer])[run.customer_id] if sends_mail(plan) else None
    return due_at(plan, run.entered_at, zone)
