"""Working off the steps of account set-up that are due.

Each is claimed by itself and marked `calling`, then called outside any transaction; what came of it is written
down only while the claim is still ours. A worker that dies in between leaves the row in `calling`; when its lease has
run out it is due again, and its call asks what is there before it makes anything.
"""

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from ..models import ProvisioningStep
from ..platform import Closed, Misconfigured, NotDone, Permanent, Platform, Unreachable, connected, is_configured, pace
from .calling import Came, Done, ForPerson, Later, call
from .people import hand_over, tell_managers
from .settling import keep_account, settle

Kind, State = ProvisioningStep.Kind, ProvisioningStep.State

# Longer than a call with all it asks may take.
LEASE = timedelta(minutes=5)
MAX_ATTEMPTS = 10
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=1)
# A platform that cannot be reached is asked again after a minute, one that refuses us as a whole after a quarter hour.
AWAY_FOR, STOP_FOR = timedelta(minutes=1), timedelta(minutes=15)
# A worker waits so long for its turn; what takes longer is for the next tick.
PATIENCE = timedelta(seconds=2)

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]


@dataclass
class Worked:
    """What a run did; `stopped` says why it ended before everything due was done."""

    done: int = 0
    with_person: int = 0
    again: int = 0
    stopped: str = ""


def work_off(
    *,
    clock: Clock = timezone.now,
    at_most: timedelta = timedelta(minutes=20),
    pause: Callable[[float], None] = time.sleep,
) -> Worked:
    """Do what is due until nothing is left, `at_most` is over, or the platform may not be called for a while."""
    worked, ends = Worked(), clock() + at_most
    free_left_behind(now=clock())
    if not is_configured():
        return Worked(stopped="No platform is configured.")
    if not due(clock()).exists():
        return worked
    with connected(clock) as platform:
        while clock() < ends and not worked.stopped:
            if refused := pace.refusal(clock()):
                _wait(refused, worked, clock, pause)
            elif step := claim(now=clock()):
                _attempt(step, platform, worked, clock)
            else:
                break
    return worked


def _wait(refused: pace.Refusal, worked: Worked, clock: Clock, pause: Callable[[float], None]) -> None:
    left = refused.until - clock()
    if left > PATIENCE or not due(clock()).exists():
        worked.stopped = refused.because
    elif left > timedelta(0):
        pause(left.total_seconds())


def free_left_behind(*, now: datetime) -> int:
    """What dead workers left in the middle is due again; returns how many. Safe to run at any time."""
    left = ProvisioningStep.objects.filter(state=State.CALLING, claimed_at__lt=now - LEASE)
    words = "The worker that was at it stopped in the middle: it is asked what is there already."
    return left.update(state=State.WAITING, claimed_at=None, not_before=now, because=words)


def due(now: datetime) -> "QuerySet[ProvisioningStep]":
    """In order: a step waits for those before it, but not for people, save where it is about the account."""
    before = ProvisioningStep.objects.filter(customer=OuterRef("customer"), position__lt=OuterRef("position"))
    holds_up = Q(state__in=(State.WAITING, State.CALLING)) | Q(kind=Kind.ACCOUNT, state=State.WITH_PERSON)
    waiting = ProvisioningStep.objects.filter(state=State.WAITING, not_before__lte=now)
    return waiting.filter(~Exists(before.filter(holds_up)))


@transaction.atomic
def claim(*, now: datetime) -> ProvisioningStep | None:
    """Take the step that is due longest; those another worker is looking at are left to it."""
    longest = due(now).order_by("not_before", "pk").select_for_update(skip_locked=True, of=("self",))
    step = longest.select_related("customer").first()
    if step:
        step.state, step.claimed_at, step.attempts = State.CALLING, now, step.attempts + 1
        step.save(update_fields=("state", "claimed_at", "attempts"))
    return step


def _attempt(step: ProvisioningStep, platform: Platform, worked: Worked, clock: Clock) -> None:
    try:
        came = call(step, platform, now=clock())
    except NotDone as failure:
        _note_failure(step, failure, worked, now=clock())
        return
    except Exception as error:  # one step that nobody foresaw must not keep all others waiting
        logger.exception("Step %s of account set-up failed", step.pk)
        _note_failure(step, NotDone(f"Something unforeseen: {type(error).__name__}."), worked, now=clock())
        return
    _note(step, came, worked, now=clock())


@transaction.atomic
def _note(step: ProvisioningStep, came: Came, worked: Worked, *, now: datetime) -> None:
    mine = _mine(step)
    if mine is None:
        return
    if isinstance(came, Later):
        _put_off(mine, came.until, came.because, counts=False)
        worked.again += 1
    elif isinstance(came, ForPerson):
        hand_over(mine, came.because, now=now)
        worked.with_person += 1
    else:
        _keep(mine, came, worked, now=now)


def _keep(step: ProvisioningStep, came: Done, worked: Worked, *, now: datetime) -> None:
    try:
        with transaction.atomic():
            if step.kind == Kind.ACCOUNT:
                keep_account(step, came.contact_id, came.result, now=now)
            settle(step, State.DONE, because=came.because, result=came.result, now=now)
        worked.done += 1
    except ValidationError as error:
        step.refresh_from_db()
        words = "; ".join(error.messages)
        hand_over(
            step, f"The platform says it is {came.result.get('tenant_id')}, which cannot be kept: {words}", now=now
        )
        worked.with_person += 1


def _note_failure(step: ProvisioningStep, failure: NotDone, worked: Worked, *, now: datetime) -> None:
    words = str(failure)
    if isinstance(failure, Closed):
        until = failure.until
    elif isinstance(failure, Misconfigured):
        until, worked.stopped = pace.close(now + STOP_FOR, words, now=now), words
        logger.error("Account set-up has stopped: %s", words)
        tell_managers(words, now=now)
    else:
        if isinstance(failure, Unreachable):
            pace.close(now + AWAY_FOR, words, now=now)
        until = now + wait_after(step.attempts)
    _note_again(step, failure, until, worked, now=now)


@transaction.atomic
def _note_again(step: ProvisioningStep, failure: NotDone, until: datetime, worked: Worked, *, now: datetime) -> None:
    mine = _mine(step)
    if mine is None:
        return
    mine.last_error = str(failure)
    blameless = isinstance(failure, Closed | Misconfigured)
    if isinstance(failure, Permanent) or (not blameless and mine.attempts >= MAX_ATTEMPTS):
        tries = "" if isinstance(failure, Permanent) else f" It was tried {mine.attempts} times."
        hand_over(mine, f"{failure}{tries}", now=now)
        worked.with_person += 1
    else:
        _put_off(mine, until, str(failure), counts=not blameless)
        worked.again += 1


def _put_off(step: ProvisioningStep, until: datetime, because: str, *, counts: bool) -> None:
    step.state, step.claimed_at, step.not_before, step.because = State.WAITING, None, until, because
    step.attempts -= 0 if counts else 1
    step.save()


def _mine(step: ProvisioningStep) -> ProvisioningStep | None:
    """The row itself, locked, while our claim holds: a lease may have run out meanwhile."""
    rows = ProvisioningStep.objects.filter(pk=step.pk, state=State.CALLING, claimed_at=step.claimed_at)
    return rows.select_related("customer__success_manager").select_for_update(of=("self",)).first()


def wait_after(attempts: int) -> timedelta:
    """Twice as long each time, with some chance in it: what failed together comes back apart."""
    return min(FIRST_WAIT * 2 ** min(attempts - 1, 20), LONGEST_WAIT) * random.uniform(0.8, 1.2)  # noqa: S311
