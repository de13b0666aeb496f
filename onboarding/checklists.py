"""Writing checklists: drafts, publishing, and back to what was shipped. Every change is a version."""

from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from agentfactory_cs.events.services import Actor, actor_user

from . import rules
from .models import Checklist, ChecklistVersion

FOLDER = Path(__file__).parent / "library"

Data = Mapping[str, Any]


def shipped(tier: str) -> dict[str, Any]:
    """Name, description and definition of the tier's checklist as it comes with the system."""
    return yaml.safe_load((FOLDER / f"{tier}.yaml").read_text(encoding="utf-8"))


def in_force(tier: str) -> ChecklistVersion | None:
    """The newest published version of the tier's checklist."""
    return in_force_of([tier]).get(tier)


def in_force_of(tiers: Collection[str]) -> dict[str, ChecklistVersion]:
    """By tier; one query. A tier without a published checklist is left out."""
    newest = ChecklistVersion.objects.filter(state="published", checklist__tier__in=tiers)
    newest = newest.order_by("checklist_id", "-number").distinct("checklist_id").select_related("checklist")
    return {version.checklist.tier: version for version in newest}


def known_items() -> list[tuple[str, str]]:
    """What can be reached, with its name: the known milestones, and the own items of every published checklist.

    Also of those that are no longer in force: playbooks that name one of their items are at work.
    """
    found = dict(rules.KNOWN)
    for version in ChecklistVersion.objects.filter(state="published").order_by("-published_at", "-pk"):
        for item in version.plan.items:
            found.setdefault(item.key, item.title)
    return list(found.items())


@transaction.atomic
def save_draft(
    checklist: Checklist,
    definition: Data,
    *,
    revision: int | None = None,
    is_shipped: bool = False,
    by: Actor = None,
    now: datetime,
) -> ChecklistVersion:
    """Write the checklist's draft, there being one at a time. ValidationError names the place and the reason.

    `revision` is the one the writer has seen (0: there was no draft): refused where somebody saved since.
    """
    _parsed(definition)
    _lock(checklist)
    draft = _draft(checklist) or ChecklistVersion(checklist=checklist, created_at=now)
    _same_saving(draft, revision)
    draft.definition, draft.revision = dict(definition), draft.revision + 1
    draft.is_shipped, draft.created_by = is_shipped, actor_user(by)
    draft.save()
    return draft


@transaction.atomic
def publish(
    checklist: Checklist, *, reason: str, revision: int | None = None, by: Actor = None, now: datetime
) -> ChecklistVersion:
    """Make the draft the version in force. Onboardings under way finish on theirs.

    ValidationError where there is no draft, no reason, nothing new in it, or another saving than `revision` was seen.
    """
    _lock(checklist)
    draft = _draft(checklist)
    if draft is None:
        raise ValidationError("There is no draft to publish.", code="conflict")
    _same_saving(draft, revision)
    if not reason.strip():
        raise ValidationError({"reason": "Say in a sentence why."})
    _parsed(draft.definition)
    before = in_force(checklist.tier)
    if before and before.definition == draft.definition:
        raise ValidationError(f"The draft says the same as version {before.number}.", code="conflict")
    last = checklist.versions.aggregate(last=Max("number"))["last"] or 0
    draft.number, draft.state, draft.reason = last + 1, ChecklistVersion.State.PUBLISHED, reason.strip()
    draft.published_at, draft.published_by = now, actor_user(by)
    draft.save()
    return draft


@transaction.atomic
def drop_draft(checklist: Checklist) -> None:
    """Forget what was not published. ValidationError where there is no draft."""
    _lock(checklist)
    draft = _draft(checklist)
    if draft is None:
        raise ValidationError("There is no draft.", code="conflict")
    draft.delete()


def reset_to_shipped(checklist: Checklist, *, by: Actor = None, now: datetime) -> ChecklistVersion:
    """Make what was shipped the draft again; publishing it is another step."""
    return save_draft(checklist, shipped(checklist.tier)["definition"], is_shipped=True, by=by, now=now)


def _same_saving(draft: ChecklistVersion, revision: int | None) -> None:
    """Nobody overwrites or publishes what they have not seen."""
    if revision is not None and draft.revision != revision:
        raise ValidationError(
            {"revision": ValidationError("Somebody has saved this draft since you opened it.", code="conflict")}
        )


def _lock(checklist: Checklist) -> None:
    Checklist.objects.select_for_update().get(pk=checklist.pk)


def _draft(checklist: Checklist) -> ChecklistVersion | None:
    return checklist.versions.filter(state="draft").first()


def _parsed(definition: Any) -> rules.Checklist:
    try:
        return rules.Checklist.from_data(definition)
    except rules.BadChecklist as error:
        raise ValidationError({"definition": str(error)}) from None
