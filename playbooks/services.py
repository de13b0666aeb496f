"""Writing playbooks and their versions, and what people do with runs."""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from functools import partial

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.services.relationship import finish_task
from agentfactory_cs.events.services import Actor, actor_user

from .checking import check
from .entering import Candidate, enter
from .models import Playbook, PlaybookVersion, Refusal, Run, RunStep
from .models.playbook import PlaybookState
from .models.run import RunState, StepState
from .rules import BadDefinition, Data, Definition
from .standstill import go_on_with_playbook, go_on_with_run
from .steps import end_run, finish_if_settled, settle


def content_hash(definition: Data) -> str:
    """SHA-256 over the definition written in one way, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(definition, sort_keys=True).encode()).hexdigest()


@transaction.atomic
def save_draft(
    playbook: Playbook,
    definition: Data,
    *,
    revision: int | None = None,
    is_shipped: bool = False,
    by: Actor = None,
    now: datetime,
) -> PlaybookVersion:
    """Write the playbook's draft, there being one at a time. It must parse; that everything it names exists is
    asked at publishing.

    `revision` is the one the writer has seen, 0 where there was no draft: ValidationError (code "conflict") where
    somebody saved, published or discarded it since.
    """
    _parsed(definition, Definition.from_data)
    Playbook.objects.select_for_update().get(pk=playbook.pk)
    draft = draft_of(playbook) or PlaybookVersion(playbook=playbook, created_at=now)
    _refuse_unseen(draft, revision)
    draft.definition, draft.content_hash = dict(definition), content_hash(definition)
    draft.revision, draft.is_shipped, draft.created_by = draft.revision + 1, is_shipped, actor_user(by)
    draft.save()
    return draft


def _refuse_unseen(draft: PlaybookVersion, revision: int | None) -> None:
    if revision is None or draft.revision == revision:
        return
    said = f"{draft.created_by or 'Somebody'} has saved this draft since you opened it."
    if draft.pk is None:
        said = "The draft has been published or discarded since you opened it."
    raise ValidationError({"revision": ValidationError(said, code="conflict")})


@transaction.atomic
def publish(
    playbook: Playbook, *, reason: str, revision: int | None = None, by: Actor = None, now: datetime
) -> PlaybookVersion:
    """Make the draft the version in force. Those under way finish on theirs. ValidationError says what is wrong.

    `revision` is the saving of the draft that was looked at: ValidationError where somebody saved since.
    """
    Playbook.objects.select_for_update().get(pk=playbook.pk)
    draft = draft_of(playbook)
    if draft is None:
        raise ValidationError("There is no draft to publish.", code="conflict")
    _refuse_unseen(draft, revision)
    if not reason.strip():
        raise ValidationError({"reason": "Say in a sentence why."})
    _parsed(draft.definition, _check_for(playbook))
    last = playbook.versions.aggregate(last=Max("number"))["last"] or 0
    draft.number, draft.state, draft.reason = last + 1, PlaybookVersion.State.PUBLISHED, reason
    draft.published_at, draft.published_by = now, actor_user(by)
    draft.save()
    return draft


def _parsed(definition: Data, parse: Callable[[Data], Definition]) -> Definition:
    try:
        return parse(definition)
    except BadDefinition as error:
        raise ValidationError({"definition": str(error)}) from None


def _check_for(playbook: Playbook) -> Callable[[Data], Definition]:
    return partial(check, is_sequence=playbook.is_sequence)


def draft_of(playbook: Playbook) -> PlaybookVersion | None:
    return playbook.versions.filter(state="draft").first()


def in_force(playbook: Playbook) -> PlaybookVersion | None:
    """The newest published version."""
    return playbook.versions.filter(state="published").order_by("-number").first()


@transaction.atomic
def set_state(playbook: Playbook, state: PlaybookState, *, now: datetime) -> Playbook:
    """Activate, pause or retire, by Playbook.TRANSITIONS. A retired one's runs finish."""
    stored = Playbook.objects.select_for_update().get(pk=playbook.pk)
    if state not in Playbook.TRANSITIONS[PlaybookState(stored.state)]:
        raise ValidationError(
            f"A playbook that is {stored.get_state_display().lower()} cannot become {state.label.lower()}.",
            code="conflict",
        )
    if state == PlaybookState.ACTIVE:
        version = in_force(stored)
        if version is None:
            raise ValidationError("Publish a version first.", code="conflict")
        _parsed(version.definition, _check_for(stored))
        stored.activated_at = now
    was_paused, stored.state = stored.state == PlaybookState.PAUSED, state
    stored.save()
    if was_paused:
        go_on_with_playbook(stored, now=now)
    return stored


def start_run(customer: Customer, playbook: Playbook, *, by: Actor = None, now: datetime, why: str) -> Run:
    """Let one customer in by hand, whatever the entry conditions; ValidationError says why it may not enter."""
    version = in_force(playbook)
    if version is None or playbook.state != PlaybookState.ACTIVE:
        raise ValidationError({"playbook": ValidationError(f"{playbook} is not active.", code="conflict")})
    if not why.strip():
        raise ValidationError({"why": "Say in a sentence why."})
    entered = enter(playbook, version, [Candidate(customer.pk)], by=by, now=now, because=why)
    if not entered:
        refusal = Refusal.objects.filter(playbook=playbook, customer=customer).first()
        raise ValidationError(refusal.detail if refusal else f"{customer} cannot enter {playbook}.", code="conflict")
    return entered[0]


@transaction.atomic
def stop_run(run: Run, *, reason: str, by: Actor = None, now: datetime) -> Run:
    """End a run by hand."""
    stored = _lock(run)
    end_run(stored, RunState.STOPPED, because=_said(reason), by=by, now=now)
    return stored


@transaction.atomic
def pause_run(run: Run, *, reason: str, by: Actor = None, now: datetime) -> Run:
    """Nothing is done until it is resumed; what came due meanwhile is done then."""
    stored = _lock(run)
    if stored.state != RunState.RUNNING:
        raise ValidationError(f"A run that is {stored.get_state_display().lower()} cannot be paused.", code="conflict")
    stored.state, stored.pause_reason = RunState.PAUSED, _said(reason)
    stored.paused_at, stored.paused_by = now, actor_user(by)
    stored.save()
    return stored


@transaction.atomic
def resume_run(run: Run, *, now: datetime) -> Run:
    """Go on; where people settled the last step meanwhile, this ends it."""
    stored = _lock(run)
    if stored.state != RunState.PAUSED:
        raise ValidationError(f"A run that is {stored.get_state_display().lower()} cannot be resumed.", code="conflict")
    stored.state, stored.paused_at, stored.paused_by = RunState.RUNNING, None, None
    stored.save()
    go_on_with_run(stored, now=now)
    finish_if_settled(stored, now=now)
    return stored


@transaction.atomic
def skip_step(step: RunStep, *, reason: str, by: Actor = None, now: datetime) -> RunStep:
    """Pass a step over; its task, where it has one, is skipped with it."""
    stored = _lock_step(step)
    if stored.task and stored.task.finished_at is None:
        finish_task(stored.task, status="skipped", outcome=_said(reason), by=by, now=now)
    settle(stored, StepState.SKIPPED, because=_said(reason), by=by, now=now)
    return stored


@transaction.atomic
def retry_step(step: RunStep, *, now: datetime) -> RunStep:
    """Try a failed step again, now."""
    stored = _lock_step(step)
    if stored.state != StepState.FAILED:
        raise ValidationError("Only a step that failed can be tried again.", code="conflict")
    stored.state, stored.attempts, stored.not_before = StepState.WAITING, 0, now
    stored.save()
    return stored


def _lock(run: Run) -> Run:
    return Run.objects.select_for_update(of=("self",)).select_related("customer", "playbook", "version").get(pk=run.pk)


def _lock_step(step: RunStep) -> RunStep:
    run = _lock(step.run)
    stored = RunStep.objects.select_related("task").get(pk=step.pk)
    stored.run = run
    return stored


def _said(reason: str) -> str:
    if not reason.strip():
        raise ValidationError({"reason": "Say in a sentence why."})
    return reason.strip()
