"""Scorecards from draft to publication, and which of them are in use.

Every change is kept: a version names who saved and who published it, and the console's log of a scorecard and
of its versions names the rest. At any time every tier has a published scorecard in use; what would leave one
without is refused.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, Model
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from agentfactory_cs.events.services import Actor, actor_label, actor_user

from .definitions import Definition, checked, content_hash
from .models import Scorecard, ScorecardVersion
from .rules import BadDefinition
from .scoring import Cards, NoScorecard
from .standard import STANDARD


@transaction.atomic
def save_scorecard(scorecard: Scorecard, *, by: Actor = None, now: datetime) -> Scorecard:
    """Store a new scorecard, or the name, tier and priority of one. A new one scores nobody until it has a
    published version. ValidationError names the field, and the tier that would be left without a scorecard."""
    is_new = scorecard.pk is None
    before = _before(scorecard)
    scorecard.full_clean()
    scorecard.save()
    changed = [name for name, value in before.items() if getattr(scorecard, name) != value]
    if "tier" in changed:
        _require_every_tier("tier")
    if is_new or changed:
        words = (
            _("Made.")
            if is_new
            else ", ".join(f"{name}: {before[name]} → {getattr(scorecard, name)}" for name in changed)
        )
        _log(scorecard, by, ADDITION if is_new else CHANGE, words)
    return scorecard


def _before(scorecard: Scorecard) -> Mapping[str, Any]:
    """What is stored of it; locked together with the others, so that two changes never take away the last two."""
    stored = {other.pk: other for other in Scorecard.objects.select_for_update().order_by("pk")}
    old = stored.get(scorecard.pk)
    return {name: getattr(old, name) for name in ("name", "tier", "priority")} if old else {}


def create_scorecard(
    *, name: str, tier: str | None = None, priority: int = 0, by: Actor = None, now: datetime
) -> Scorecard:
    """A scorecard without a version yet, for one tier or (None) for all."""
    return save_scorecard(Scorecard(name=name, tier=tier, priority=priority), by=by, now=now)


@transaction.atomic
def retire_scorecard(scorecard: Scorecard, *, by: Actor = None, now: datetime) -> Scorecard:
    """From now on it scores nobody; scores made with it keep naming it."""
    _before(scorecard)
    scorecard.refresh_from_db()
    if scorecard.retired_at:
        raise _conflict(_("%(scorecard)s is retired already."), scorecard=scorecard)
    scorecard.retired_at, scorecard.retired_by = now, actor_user(by)
    scorecard.save(update_fields=("retired_at", "retired_by"))
    _require_every_tier()
    _log(scorecard, by, CHANGE, _("Retired."))
    return scorecard


@transaction.atomic
def reinstate_scorecard(scorecard: Scorecard, *, by: Actor = None, now: datetime) -> Scorecard:
    """It scores again whom it fits."""
    _before(scorecard)
    scorecard.refresh_from_db()
    if not scorecard.retired_at:
        raise _conflict(_("%(scorecard)s is in use already."), scorecard=scorecard)
    scorecard.retired_at = scorecard.retired_by = None
    scorecard.save(update_fields=("retired_at", "retired_by"))
    _log(scorecard, by, CHANGE, _("Reinstated."))
    return scorecard


@transaction.atomic
def start_draft(
    scorecard: Scorecard,
    *,
    based_on: ScorecardVersion | None = None,
    title: str = "",
    definition: Mapping[str, Any] | None = None,
    by: Actor = None,
    now: datetime,
) -> ScorecardVersion:
    """A new draft: of `definition`, else as the version it is based on, else as the one in force, else as shipped."""
    based_on = based_on or in_force(scorecard)
    normal = checked_definition(definition or (based_on.definition if based_on else STANDARD))
    draft = ScorecardVersion(
        scorecard=scorecard,
        based_on=based_on,
        title=title or _next_title(scorecard),
        definition=normal,
        content_hash=content_hash(normal),
        created_at=now,
        created_by=actor_user(by),
        saved_at=now,
        saved_by_label=actor_label(by),
    )
    draft.full_clean()
    draft.save()
    _log(draft, by, ADDITION, _("Draft started."))
    return draft


def _next_title(scorecard: Scorecard) -> str:
    return str(scorecard.versions.drafts().count() + 1)


@transaction.atomic
def save_draft(
    version: ScorecardVersion,
    *,
    definition: Mapping[str, Any],
    title: str,
    revision: int,
    by: Actor = None,
    now: datetime,
) -> ScorecardVersion:
    """Write a draft. `revision` is the one that was read: where somebody saved since, nothing is written and the
    refusal says who and when."""
    draft = _locked_draft(version, revision)
    draft.title, draft.definition = title, checked_definition(definition)
    draft.content_hash = content_hash(draft.definition)
    draft.revision += 1
    draft.saved_at, draft.saved_by_label = now, actor_label(by)
    draft.full_clean()
    draft.save()
    _log(draft, by, CHANGE, _("Draft saved."))
    return draft


@transaction.atomic
def discard_draft(version: ScorecardVersion, *, by: Actor = None, now: datetime) -> None:
    """Remove a draft; the scorecard's log keeps that there was one. Published versions stay for ever."""
    draft = _locked_draft(version)
    _log(draft.scorecard, by, CHANGE, _("Discarded the draft %(title)s.") % {"title": draft.title})
    _log(draft, by, DELETION, "")
    draft.delete()


@transaction.atomic
def publish(
    version: ScorecardVersion, *, reason: str, revision: int | None = None, by: Actor = None, now: datetime
) -> ScorecardVersion:
    """Make a draft the version in force of its scorecard, under the next number. Scores are made with it from
    the next run on. Refused without a reason, where it says what is in force already, and, with `revision`,
    where it was saved since it was looked at."""
    if not reason.strip():
        raise ValidationError({"reason": _("Say in a sentence why this version is published.")})
    scorecard = Scorecard.objects.select_for_update().get(pk=version.scorecard_id)
    draft = _locked_draft(version, revision)
    if scorecard.retired_at:
        raise _conflict(_("%(scorecard)s is retired: reinstate it first."), scorecard=scorecard)
    draft.definition = checked_definition(draft.definition)
    draft.content_hash = content_hash(draft.definition)
    _refuse_the_same(draft, in_force(scorecard))
    draft.number = (scorecard.versions.aggregate(last=Max("number"))["last"] or 0) + 1
    draft.state, draft.reason, draft.title = ScorecardVersion.State.PUBLISHED, reason.strip(), ""
    draft.published_at, draft.published_by = now, actor_user(by)
    draft.published_by_label = actor_label(by)
    draft.save()
    _log(draft, by, CHANGE, _("Published: %(reason)s") % {"reason": draft.reason})
    return draft


@transaction.atomic
def publish_scorecard(
    scorecard: Scorecard, *, definition: Mapping[str, Any], reason: str, by: Actor = None, now: datetime
) -> ScorecardVersion:
    """Publish a definition as it is, without anybody having worked on a draft of it."""
    draft = start_draft(scorecard, definition=definition, by=by, now=now)
    return publish(draft, reason=reason, by=by, now=now)


def in_force(scorecard: Scorecard) -> ScorecardVersion | None:
    """The newest published version; None before the first."""
    return scorecard.versions.published().order_by("-number").first()


def _locked_draft(version: ScorecardVersion, revision: int | None = None) -> ScorecardVersion:
    """The draft as it is stored now, held until the end of the transaction."""
    drafts = ScorecardVersion.objects.select_for_update(of=("self",)).select_related("scorecard")
    draft = drafts.filter(pk=version.pk).first()
    if draft is None:
        raise _conflict(_("This draft was discarded meanwhile."))
    if draft.state != ScorecardVersion.State.DRAFT:
        raise _conflict(_("%(version)s is published and never changes: start a draft from it."), version=draft)
    if revision is not None and revision != draft.revision:
        raise _stale(draft)
    return draft


def _stale(draft: ScorecardVersion) -> ValidationError:
    when = date_format(localtime(draft.saved_at), "DATETIME_FORMAT") if draft.saved_at else "–"
    words = _("%(who)s saved this draft on %(when)s, after you had opened it. Nothing of yours was written.")
    return ValidationError(
        {"revision": ValidationError(words % {"who": draft.saved_by_label, "when": when}, "conflict")}
    )


def _refuse_the_same(draft: ScorecardVersion, current: ScorecardVersion | None) -> None:
    # Hashed anew: what was published before there was a normal form has another hash stored.
    if current and content_hash(current.definition) == draft.content_hash:
        raise _conflict(_("This is what %(version)s says already: there is nothing to publish."), version=current)


def checked_definition(definition: Any) -> Definition:
    """The normal form of a definition; ValidationError names the place and the reason."""
    try:
        return checked(definition)
    except BadDefinition as error:
        raise ValidationError({"definition": str(error)}) from error


def _require_every_tier(field: str | None = None) -> None:
    try:
        Cards.in_force()
    except NoScorecard as error:
        words = _("Refused: customers of a tier would be left without a scorecard. %(detail)s") % {"detail": error}
        refusal = ValidationError(words, code="conflict")
        raise (ValidationError({field: refusal}) if field else refusal) from error


def _conflict(words: str, **named: Any) -> ValidationError:
    return ValidationError(words % named if named else words, code="conflict")


def _log(thing: Model, by: Actor, flag: int, words: str) -> None:
    """In the console's log, which knows people only; what a key did stands on the version."""
    if user := actor_user(by):
        LogEntry.objects.log_actions(user.pk, [thing], flag, words, single_object=True)
