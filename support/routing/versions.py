"""Writing the routing rules: drafts, publishing, and back to what was shipped. Every change is a version."""

import json
from collections.abc import Collection
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from agentfactory_cs.events.services import Actor, actor_user

from ..models import Area, RoutingVersion, Team
from . import rules

SHIPPED = Path(__file__).parent / "shipped.yaml"


def shipped() -> dict[str, Any]:
    """The definition that comes with the system."""
    return yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))


def in_force() -> RoutingVersion | None:
    """The newest published version."""
    return RoutingVersion.objects.filter(state=RoutingVersion.State.PUBLISHED).order_by("-number").first()


def draft() -> RoutingVersion | None:
    return RoutingVersion.objects.filter(state=RoutingVersion.State.DRAFT).first()


def routing_of(version: RoutingVersion) -> rules.Routing:
    """A version's rules; those of a published one, which never change, are read once."""
    if version.number is None:
        return rules.Routing.from_data(version.definition)
    return _read_once(json.dumps(version.definition))


@lru_cache(maxsize=8)
def _read_once(definition: str) -> rules.Routing:
    return rules.Routing.from_data(json.loads(definition))


@transaction.atomic
def save_draft(
    definition: Any, *, revision: int | None = None, is_shipped: bool = False, by: Actor = None, now: datetime
) -> RoutingVersion:
    """Write the draft, there being one at a time. ValidationError names the place and the reason.

    `revision` is the one the writer has seen (0: there was no draft): refused where somebody saved since.
    """
    checked(definition)
    _lock()
    version = draft() or RoutingVersion(created_at=now)
    _same_saving(version, revision)
    version.definition, version.revision = definition, version.revision + 1
    version.is_shipped, version.created_by = is_shipped, actor_user(by)
    version.save()
    return version


@transaction.atomic
def publish(*, reason: str, revision: int | None = None, by: Actor = None, now: datetime) -> RoutingVersion:
    """Put the draft in force: tickets that are routed from now on go by it.

    ValidationError where there is no draft, no reason, nothing new in it, or another saving than `revision` was seen.
    """
    _lock()
    version = _draft_at(revision)
    if not reason.strip():
        raise ValidationError({"reason": _("Say in a sentence why.")})
    checked(version.definition)
    before = in_force()
    if before and before.definition == version.definition:
        words = _("The draft says the same as version %(number)s.")
        raise ValidationError(words, params={"number": before.number}, code="conflict")
    last = RoutingVersion.objects.aggregate(last=Max("number"))["last"] or 0
    version.number, version.state, version.reason = last + 1, RoutingVersion.State.PUBLISHED, reason.strip()
    version.published_at, version.published_by = now, actor_user(by)
    version.save()
    return version


@transaction.atomic
def drop_draft(*, by: Actor = None, now: datetime) -> None:
    """Forget what was not published. ValidationError where there is no draft."""
    _lock()
    _draft_at(None).delete()


def reset_to_shipped(*, by: Actor = None, now: datetime) -> RoutingVersion:
    """Make what was shipped the draft again; publishing it is another step."""
    return save_draft(shipped(), is_shipped=True, by=by, now=now)


def checked(definition: Any) -> rules.Routing:
    """The rules, of teams and areas that exist; two queries. ValidationError names the place and the reason."""
    try:
        routing = rules.Routing.from_data(definition)
    except rules.BadRouting as error:
        raise ValidationError({"definition": str(error)}) from None
    teams = set(Team.objects.active().values_list("key", flat=True))
    areas = set(Area.objects.values_list("key", flat=True))
    for place, rule in enumerate(routing.rules):
        _known(f"rules.{place}.team", _("team at work"), [rule.team] if rule.team else [], teams)
        _known(f"rules.{place}.when.areas", _("area"), rule.areas, areas)
    return routing


def _known(place: str, what: str, asked: Collection[str], known: Collection[str]) -> None:
    if unknown := [key for key in asked if key not in known]:
        words = _("%(place)s: there is no %(what)s %(unknown)s; there are %(known)s.")
        told = {"place": place, "what": what, "unknown": ", ".join(unknown), "known": ", ".join(sorted(known)) or "–"}
        raise ValidationError({"definition": words % told})


def _draft_at(revision: int | None) -> RoutingVersion:
    version = draft()
    if version is None:
        raise ValidationError(_("There is no draft."), code="conflict")
    _same_saving(version, revision)
    return version


def _same_saving(version: RoutingVersion, revision: int | None) -> None:
    """Nobody overwrites or publishes what they have not seen."""
    if revision is not None and version.revision != revision:
        words = _("Somebody has saved this draft since you opened it.")
        raise ValidationError({"revision": ValidationError(words, code="conflict")})


def _lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('support.routing'))")
