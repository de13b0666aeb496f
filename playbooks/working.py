"""Doing what is due: steps of runs, exits, goals.

Steps are taken in batches under a row lock that other workers pass by, together with their runs: two workers
never work on one run at a time. What a batch does, and that it is done, commits together; a killed worker
leaves nothing half-done, and the next takes the same steps up again.
"""

import logging
import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from agentfactory_cs.customers.conditions.condition import Judgement
from agentfactory_cs.customers.models import Customer

from .judging import LOOK_AGAIN, exits, judge
from .models import Playbook, Run, RunStep
from .models.run import RunState, StepState
from .people import task_for
from .registry import Context, Outcome, actions, done, failed
from .rules import ACTION, BRANCH, MANUAL, Step
from .standstill import put_off_paused
from .steps import end_run, fail, hand_over, put_off, settle
from .way import answer, deadline
from .words import LEFT_US, unmet_words

BATCH = 50
MAX_ATTEMPTS = 6
FIRST_RETRY = timedelta(minutes=1)

logger = logging.getLogger(__name__)


def work_off_due(*, now: datetime, most: int = 100_000) -> int:
    """Do the steps that are due; returns how many were looked at. Any number of workers may do so at a time."""
    put_off_paused(now=now)
    worked = 0
    while worked < most and (count := work_batch(now)):
        worked += count
    return worked


@transaction.atomic
def work_batch(now: datetime) -> int:
    """One batch of due steps; 0 where nothing is due or others are at it."""
    steps = _due(now)
    leaving = exits(list({step.run_id: step.run for step in steps}.values()), now)
    left = _leave([step.run for step in steps], leaving.found, now=now)
    standing = {step.pk: leaving.unasked[step.run_id] for step in steps if step.run_id in leaving.unasked}
    judged = judge([step for step in steps if step.run_id not in left and step.pk not in standing], now)
    standing |= judged.unasked
    for step in steps:
        # Settling one may have ended the run, or settled another of the batch.
        step.refresh_from_db(fields=("state",))
        if step.run.state != RunState.RUNNING or step.state != StepState.WAITING:
            continue
        if step.pk in standing:
            put_off(step, now + LOOK_AGAIN, standing[step.pk])
        else:
            _work(step, judged.found.get(step.pk), now)
    return len(steps)


def _due(now: datetime) -> list[RunStep]:
    """Sorted by customer, so that two workers lock customers in one order. Steps of one run share its object."""
    waiting = RunStep.objects.filter(state=StepState.WAITING, not_before__lte=now, run__state=RunState.RUNNING)
    # The runs of a retired playbook finish; those of a paused one stand still.
    going_on = waiting.filter(run__playbook__state__in=(Playbook.State.ACTIVE, Playbook.State.RETIRED))
    locked = going_on.order_by("not_before", "id").select_for_update(skip_locked=True, of=("self", "run"))
    found = list(locked.select_related("run__customer", "run__version", "run__playbook")[:BATCH])
    runs: dict[int, Run] = {}
    for step in found:
        step.run = runs.setdefault(step.run_id, step.run)
    return sorted(found, key=lambda step: (step.run.customer_id, step.run_id, step.position))


def _leave(runs: Sequence[Run], leaving: Mapping[int, str], *, now: datetime) -> set[int]:
    """End the runs whose customer has left or whose exit condition holds; their ids."""
    unique = {run.pk: run for run in runs}
    reasons = {run.pk: LEFT_US for run in unique.values() if run.customer.lifecycle_stage == Customer.Stage.CHURNED}
    reasons = {**leaving, **reasons}
    for run_id, because in reasons.items():
        end_run(unique[run_id], RunState.EXITED, because=because, now=now)
    return set(reasons)


def _work(step: RunStep, judgement: Judgement | None, now: datetime) -> None:
    plan = step.run.version.plan.step(step.key)
    facts: dict[str, Any] = {"facts": [list(row) for row in judgement.rows]} if judgement else {}
    if plan.kind == BRANCH:
        _decide(step, plan, judgement, facts, now)
    elif judgement and not judgement.holds:
        settle(step, StepState.SKIPPED, because=unmet_words(judgement), result=facts, now=now)
    elif plan.kind == MANUAL:
        _ask_a_person(step, plan, now)
    else:
        _take(step, _do(step, plan, now) if plan.kind == ACTION else done(), facts, now)


def _ask_a_person(step: RunStep, plan: Step, now: datetime) -> None:
    """In a savepoint: a task that cannot be made fails its own step, not the batch it is in."""
    try:
        with transaction.atomic():
            task = task_for(step, plan, now=now)
    except Exception as error:
        logger.exception("The task of step %s of run %s could not be made", step.key, step.run_id)
        _retry_or_fail(step, failed(f"{type(error).__name__}: {error}", permanent=False), now)
    else:
        hand_over(step, task)


def _decide(step: RunStep, plan: Step, judgement: Judgement | None, facts: dict[str, Any], now: datetime) -> None:
    """Yes as soon as its condition holds; no once it has waited long enough."""
    due_at, holds = step.due_at or now, judgement is not None and judgement.holds
    if outcome := answer(plan, holds, due_at, now):
        because = unmet_words(judgement) if judgement and not holds else ""
        settle(step, StepState.DONE, outcome=outcome, because=because, result=facts, now=now)
    else:
        until = deadline(plan, due_at)
        put_off(step, min(now + LOOK_AGAIN, until), f"Waits for its condition until {until:%Y-%m-%d %H:%M} UTC.")


def _do(step: RunStep, plan: Step, now: datetime) -> Outcome:
    """The action, in a savepoint: what fails leaves nothing behind."""
    run = step.run
    context = Context(
        customer=run.customer,
        playbook=run.playbook.name,
        run_id=run.pk,
        step_id=step.pk,
        step_title=plan.title,
        entered_at=run.entered_at,
        due_at=step.due_at or now,
        now=now,
    )
    try:
        with transaction.atomic():
            action = actions.get(plan.action)
            return action.run(context, action.checked(plan.params))
    except LookupError as error:
        return failed(str(error))
    except Exception as error:
        logger.exception("The step %s of run %s failed", step.key, run.pk)
        return failed(f"{type(error).__name__}: {error}", permanent=False)


def _take(step: RunStep, outcome: Outcome, facts: dict[str, Any], now: datetime) -> None:
    """Store what came of an action."""
    result = {**facts, **outcome.result}
    if outcome.state == "done":
        settle(step, StepState.DONE, because=outcome.because, result=result, now=now)
    elif outcome.state == "skipped":
        settle(step, StepState.SKIPPED, because=outcome.because, result=result, now=now)
    elif outcome.state == "waiting":
        _at_least_a_minute(step, outcome, now)
    else:
        _retry_or_fail(step, outcome, now)


def _at_least_a_minute(step: RunStep, outcome: Outcome, now: datetime) -> None:
    put_off(step, max(outcome.until or now, now + FIRST_RETRY), outcome.because)


def _retry_or_fail(step: RunStep, outcome: Outcome, now: datetime) -> None:
    step.attempts += 1
    if outcome.permanent or step.attempts >= MAX_ATTEMPTS:
        fail(step, outcome.because, now=now)
        return
    pause = FIRST_RETRY * 2 ** (step.attempts - 1) * random.uniform(1, 1.3)  # noqa: S311 - spreads retries, no secret
    put_off(step, now + pause, f"Attempt {step.attempts} of {MAX_ATTEMPTS} failed: {outcome.because}")
