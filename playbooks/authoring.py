"""Making playbooks, their settings, and throwing drafts away. What their versions say is written by `services`."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import slugify

from agentfactory_cs.events.services import Actor, actor_user

from .checking import sequence_problems
from .models import Playbook, PlaybookVersion
from .services import draft_of, in_force, save_draft

# Beside its state, what is the same for all versions of a playbook. Changes count at once, for all of them.
SETTINGS = ("name", "description", "is_sequence", "priority", "is_exclusive", "cool_down_days", "holdout_percent")
LONGEST_KEY = 60


@transaction.atomic
def save_playbook(playbook: Playbook, *, by: Actor = None, now: datetime) -> Playbook:
    """Store a playbook's settings. A new one gets a key from its name unless it has one, and is a draft.

    Two people who set different things lose nothing: only settings are written. ValidationError names the field.
    """
    is_new = playbook.pk is None
    if is_new:
        playbook.key = playbook.key or _free_key(playbook.name)
        playbook.created_at, playbook.created_by = now, actor_user(by)
    playbook.full_clean()
    _refuse_more_than_mail(playbook)
    playbook.save(update_fields=None if is_new else SETTINGS)
    return playbook


@transaction.atomic
def copy_playbook(original: Playbook, copy: Playbook, *, by: Actor = None, now: datetime) -> Playbook:
    """Store `copy` as a new playbook that begins with what the original says: its draft, else its version in force."""
    version = draft_of(original) or in_force(original)
    copy = save_playbook(copy, by=by, now=now)
    if version is not None:
        save_draft(copy, version.definition, by=by, now=now)
    return copy


@transaction.atomic
def discard_draft(playbook: Playbook, *, revision: int | None = None, by: Actor = None, now: datetime) -> None:
    """Throw the draft away, for good. ValidationError where there is none, or somebody saved it since `revision`."""
    Playbook.objects.select_for_update().get(pk=playbook.pk)
    draft = draft_of(playbook)
    if draft is None:
        raise ValidationError("There is no draft to discard.", code="conflict")
    if revision is not None and revision != draft.revision:
        raise ValidationError("Somebody has saved this draft since you opened it.", code="conflict")
    draft.delete()


@transaction.atomic
def start_draft(playbook: Playbook, definition: Any = None, *, by: Actor = None, now: datetime) -> PlaybookVersion:
    """A draft of `definition`, else of the version in force. ValidationError where there is one already."""
    Playbook.objects.select_for_update().get(pk=playbook.pk)
    if draft_of(playbook) is not None:
        raise ValidationError({"playbook": ValidationError(f"{playbook} has a draft already.", code="conflict")})
    if definition is None:
        version = in_force(playbook)
        if version is None:
            raise ValidationError({"definition": "Send one: no version is in force to begin with."})
        definition = version.definition
    return save_draft(playbook, definition, by=by, now=now)


def _refuse_more_than_mail(playbook: Playbook) -> None:
    """What is in force must fit what the playbook is said to be."""
    version = in_force(playbook) if playbook.is_sequence and playbook.pk else None
    for problem in sequence_problems(version.plan) if version else ():
        raise ValidationError({"is_sequence": f"The version in force, {problem}"})


def _free_key(name: str) -> str:
    """From the name, in small letters; with a number where that is taken."""
    key = slugify(name).replace("-", "_").lstrip("_0123456789")[: LONGEST_KEY - 4] or "playbook"
    taken = set(Playbook.objects.filter(key__startswith=key).values_list("key", flat=True))
    return next(free for free in (key, *(f"{key}_{n}" for n in range(2, len(taken) + 3))) if free not in taken)
