"""The versions of the service policy: drafts, publishing, which one is in force, back to what was shipped."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from agentfactory_cs.events.services import Actor, actor_user

from ..models import ServiceVersion
from . import rules

_SHIPPED = Path(__file__).parent / "shipped.yaml"


def shipped() -> dict[str, Any]:
    return yaml.safe_load(_SHIPPED.read_text(encoding="utf-8"))


def in_force() -> ServiceVersion:
    """The newest published version. Raises ServiceVersion.DoesNotExist before the shipped one is loaded."""
    return ServiceVersion.objects.filter(state="published").latest("number")


def policy_of(version: ServiceVersion) -> rules.Policy:
    """What a version promises; published ones never change, and are read once."""
    return _published(version.pk) if version.state == "published" else rules.parse(version.definition)


@lru_cache(maxsize=64)
def _published(pk: int) -> rules.Policy:
    return rules.parse(ServiceVersion.objects.values_list("definition", flat=True).get(pk=pk))


@transaction.atomic
def save_draft(
    definition: Mapping[str, Any],
    *,
    revision: int | None = None,
    is_shipped: bool = False,
    by: Actor = None,
    now: datetime,
) -> ServiceVersion:
    """Write the draft, there being one at a time. ValidationError names the place and the reason.

    `revision` is the one the writer has seen (0: there was no draft): refused where somebody saved since.
    """
    _check(definition)
    _lock()
    draft = _draft() or ServiceVersion(created_at=now)
    _same_saving(draft, revision)
    draft.definition, draft.revision = dict(definition), draft.revision + 1
    draft.is_shipped, draft.created_by = is_shipped, actor_user(by)
    draft.save()
    return draft


@transaction.atomic
def publish(*, reason: str, revision: int | None = None, by: Actor = None, now: datetime) -> ServiceVersion:
    """Make the draft the version in force. Tickets that are there keep the one they began with.

    ValidationError where there is no draft, no reason, nothing new in it, or another saving than `revision` was seen.
    """
    _lock()
    draft = _draft()
    if draft is None:
        raise ValidationError("There is no draft to publish.", code="conflict")
    _same_saving(draft, revision)
    if not reason.strip():
        raise ValidationError({"reason": "Say in a sentence why."})
    _check(draft.definition)
    published = ServiceVersion.objects.filter(state="published")
    before = published.order_by("-number").first()
    if before and before.definition == draft.definition:
        raise ValidationError(f"The draft says the same as version {before.number}.", code="conflict")
    last = published.aggregate(last=Max("number"))["last"] or 0
    draft.number, draft.state, draft.reason = last + 1, ServiceVersion.State.PUBLISHED, reason.strip()
    draft.published_at, draft.published_by = now, actor_user(by)
    draft.save()
    return draft


@transaction.atomic
def drop_draft() -> None:
    """Forget what was not published. ValidationError where there is no draft."""
    _lock()
    draft = _draft()
    if draft is None:
        raise ValidationError("There is no draft.", code="conflict")
    draft.delete()


def reset_to_shipped(*, by: Actor = None, now: datetime) -> ServiceVersion:
    """Make what was shipped the draft again; publishing it is another step."""
    return save_draft(shipped(), is_shipped=True, by=by, now=now)


def _check(definition: Any) -> None:
    try:
        rules.parse(definition)
    except rules.BadPolicy as error:
        raise ValidationError({"definition": str(error)}) from None


def _draft() -> ServiceVersion | None:
    return ServiceVersion.objects.filter(state="draft").first()


def _lock() -> None:
    """Two who publish at a time take turns."""
    list(ServiceVersion.objects.select_for_update().order_by("pk").values_list("pk"))


def _same_saving(draft: ServiceVersion, revision: int | None) -> None:
    if revision is not None and draft.revision != revision:
        raise ValidationError("Somebody else saved this draft meanwhile. Look at it again.", code="conflict")
