"""What a person decides about a step of account set-up."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from agentfactory_cs.customers.models import Task
from agentfactory_cs.events.services import Actor, actor_label

from ..models import ProvisioningStep
from ..platform import pace
from .people import take_back
from .settling import settle

State = ProvisioningStep.State


@transaction.atomic
def try_again(step: ProvisioningStep, *, by: Actor = None, now: datetime) -> ProvisioningStep:
    """Have a step called at once, whoever it was with, and a platform that refused us asked too.

    ValidationError where it is settled or under way.
    """
    step = _held(step, State.WAITING, State.WITH_PERSON)
    words = _("Tried again by %(who)s.") % {"who": actor_label(by)}
    take_back(step, status=Task.Status.SKIPPED, outcome=words, by=by, now=now)
    step.state, step.not_before, step.attempts, step.because = State.WAITING, now, min(step.attempts, 1), words
    step.save()
    pace.open_again()
    return step


@transaction.atomic
def mark_done(step: ProvisioningStep, *, because: str = "", by: Actor = None, now: datetime) -> ProvisioningStep:
    """A person did it by hand. ValidationError where it is settled or under way."""
    step = _held(step, State.WAITING, State.WITH_PERSON)
    words = because or _("Done by hand by %(who)s.") % {"who": actor_label(by)}
    take_back(step, status=Task.Status.DONE, outcome=words, by=by, now=now)
    settle(step, State.DONE, because=words, by=by, now=now)
    return step


@transaction.atomic
def mark_not_needed(step: ProvisioningStep, *, because: str = "", by: Actor = None, now: datetime) -> ProvisioningStep:
    """Nobody is to do it. ValidationError where it is settled or under way."""
    step = _held(step, State.WAITING, State.WITH_PERSON)
    words = because or _("Not needed, says %(who)s.") % {"who": actor_label(by)}
    take_back(step, status=Task.Status.SKIPPED, outcome=words, by=by, now=now)
    settle(step, State.NOT_NEEDED, because=words, by=by, now=now)
    return step


def _held(step: ProvisioningStep, *states: str) -> ProvisioningStep:
    """The row itself, locked, where it is in one of the states."""
    rows = ProvisioningStep.objects.select_related("customer__success_manager", "task").select_for_update(of=("self",))
    row = rows.get(pk=step.pk)
    if row.state not in states:
        words = _("“%(step)s” is %(state)s: there is nothing to decide about it.")
        told = {"step": row.get_kind_display(), "state": str(row.get_state_display()).lower()}
        raise ValidationError({"state": ValidationError(words % told, code="conflict")})
    return row
