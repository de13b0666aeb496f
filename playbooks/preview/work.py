"""Previews as rows: asked for by a person, worked by one worker at a time, taken up again where one dies."""

import hashlib
import json
import logging
from collections.abc import Callable
from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from agentfactory_cs.customers.days import utc_day
from agentfactory_cs.customers.models import Customer
from agentfactory_cs.events.services import Actor, actor_user

from ..checking import check
from ..models import PlaybookVersion, Preview
from ..models.preview import PreviewState
from ..rules import MANUAL_START, BadDefinition
from .counting import result_of
from .result import DAYS, Result
from .simulation import simulate

# Of so many customers at most it takes a second or two: whoever asks may wait for it.
SMALL = 2_000
RETRY_AFTER = timedelta(minutes=1)
MAX_ATTEMPTS = 3

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
_OPEN = (PreviewState.QUEUED, PreviewState.RUNNING)


class LeaseLost(Exception):
    """Another worker has taken the preview over, or it was asked for anew."""


def span(now: datetime) -> tuple[date, date]:
    """The whole days (UTC) that a preview asked for now looks at."""
    until = utc_day(now) - timedelta(days=1)
    return until - timedelta(days=DAYS - 1), until


def basis(version: PlaybookVersion, since: date, until: date) -> str:
    """What a preview is made of, as a hash: where it is another, the preview is stale."""
    playbook = version.playbook
    settings = [playbook.key, playbook.cool_down_days, playbook.holdout_percent, playbook.priority]
    made_of = [version.definition, *settings, since.isoformat(), until.isoformat()]
    return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()


def fresh(preview: Preview, now: datetime) -> bool:
    """Whether asking anew would give the same: made of the same, over the same days."""
    return preview.basis == basis(preview.version, *span(now))


@transaction.atomic
def request(version: PlaybookVersion, *, by: Actor = None, now: datetime) -> Preview:
    """The version's preview: the one that is there, where it is fresh, otherwise one to be worked off.

    Raises ValidationError where the version cannot be run here, or nobody would enter it without a person.
    """
    _check(version)
    PlaybookVersion.objects.select_for_update(of=("self",)).get(pk=version.pk)
    since, until = span(now)
    made_of = basis(version, since, until)
    there = Preview.objects.filter(version=version).select_related("version__playbook").first()
    if there and there.basis == made_of and there.state != PreviewState.FAILED:
        return there
    values = {"since": since, "until": until, "basis": made_of, "requested_at": now, "requested_by": actor_user(by)}
    begun = {"state": PreviewState.QUEUED, "days_done": 0, "result": None, "error": "", "claimed_at": None}
    again = {"attempts": 0, "finished_at": None}
    preview, _made = Preview.objects.update_or_create(version=version, defaults={**values, **begun, **again})
    return preview


def _check(version: PlaybookVersion) -> None:
    try:
        plan = check(version.definition)
    except BadDefinition as error:
        raise ValidationError({"definition": str(error)}) from None
    if plan.trigger.kind == MANUAL_START:
        words = _("Only a person, or another playbook, starts it: whom they would have let in is not known.")
        raise ValidationError({"definition": words})


def work_off(preview: Preview, *, clock: Clock = timezone.now) -> Result | None:
    """Live through the days and store the result; None where another worker holds it or it is finished.

    What is raised is noted on the row and raised again; the row is free again after a minute, three times in all.
    """
    if not _claim(preview, now=clock()):
        return None
    try:
        result = _run(preview, clock)
        now = clock()
        _keep_hold(preview, now=now, state=PreviewState.DONE, result=result.to_json(), error="", finished_at=now)
    except LeaseLost:
        logger.warning("%s was taken over or asked for anew", preview)
        return None
    except Exception as error:
        _note_failure(preview, error, now=clock())
        raise
    return result


def is_small() -> bool:
    return len(Customer.objects.order_by()[: SMALL + 1].values_list("pk")) <= SMALL


def unfinished(now: datetime) -> list[Preview]:
    """Those that no worker holds."""
    return list(Preview.objects.filter(_free(now)).order_by("requested_at", "id"))


def _free(now: datetime) -> Q:
    return Q(state__in=_OPEN) & (Q(claimed_at__isnull=True) | Q(claimed_at__lt=now - Preview.LEASE))


def _claim(preview: Preview, *, now: datetime) -> bool:
    """Take hold of it, or give it up where it has ended its workers too often."""
    free = Preview.objects.filter(_free(now), pk=preview.pk)
    words = _("The worker was stopped %(n)s times before it could finish.") % {"n": MAX_ATTEMPTS}
    free.filter(attempts__gte=MAX_ATTEMPTS).update(state=PreviewState.FAILED, finished_at=now, error=words)
    taken = free.update(state=PreviewState.RUNNING, claimed_at=now, attempts=F("attempts") + 1, days_done=0)
    preview.refresh_from_db()
    return taken == 1


def _run(preview: Preview, clock: Clock) -> Result:
    version = PlaybookVersion.objects.select_related("playbook").get(pk=preview.version_id)
    plan = check(version.definition)

    def after_day(done: int) -> None:
        _keep_hold(preview, now=clock(), days_done=done)

    found = simulate(version.playbook, plan, preview.since, preview.until, after_day)
    return result_of(version.playbook, plan, found, preview.since, preview.until)


def _keep_hold(preview: Preview, *, now: datetime, **values: object) -> None:
    """Write to the row and renew the lease, where it is still ours."""
    mine = _mine(preview)
    if not mine.update(claimed_at=now, **values):
        raise LeaseLost
    preview.refresh_from_db()


def _mine(preview: Preview) -> "models.QuerySet[Preview]":
    return Preview.objects.filter(
        pk=preview.pk, state=PreviewState.RUNNING, claimed_at=preview.claimed_at, basis=preview.basis
    )


def _note_failure(preview: Preview, error: Exception, *, now: datetime) -> None:
    logger.error("%s failed, attempt %s of %s", preview, preview.attempts, MAX_ATTEMPTS, exc_info=error)
    words = f"{type(error).__name__}: {error}"[:2_000]
    if preview.attempts < MAX_ATTEMPTS:
        _mine(preview).update(claimed_at=now - Preview.LEASE + RETRY_AFTER, error=words)
    else:
        _mine(preview).update(state=PreviewState.FAILED, finished_at=now, error=words)
    preview.refresh_from_db()
