"""Backtests as rows: started by a person, worked by one worker at a time, taken up again where one dies.

A worker holds a backtest by `claimed_at` and renews that with every month end it has replayed. Nothing of a
replay is stored before its end, so a worker that takes over begins anew: minutes, not hours.
"""

import logging
from collections.abc import Callable
from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from agentfactory_cs.customers.days import utc_day
from agentfactory_cs.events.services import Actor, actor_user

from ..models import Backtest, ScorecardVersion
from ..rules import BadDefinition
from ..scoring import NoScorecard
from .candidate import Candidate
from .judging import judge
from .replay import replay
from .result import Result
from .span import HORIZON_DAYS, Span, choose
from .suggestion import suggest

LEASE = timedelta(minutes=10)
RETRY_AFTER = timedelta(minutes=1)
MAX_ATTEMPTS = 3

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
_OPEN = (Backtest.State.QUEUED, Backtest.State.RUNNING)


class LeaseLost(Exception):
    """Another worker has taken the backtest over."""


def start(
    *,
    version: ScorecardVersion | None = None,
    since: date | None = None,
    until: date | None = None,
    horizon_days: int = HORIZON_DAYS,
    by: Actor = None,
    now: datetime,
) -> Backtest:
    """A backtest of a scorecard version, draft or published; unless given, of the one in force or of those.

    What is left open of the span is filled in as `span.choose` says. Raises ValidationError naming the field.
    """
    version = _checked(version)
    span = choose(since, until, horizon_days, newest=utc_day(now) - timedelta(days=1))
    return Backtest.objects.create(
        version=version,
        since=span.since,
        until=span.until,
        horizon_days=span.horizon_days,
        days_total=len(span.days()),
        requested_by=actor_user(by),
        created_at=now,
    )


def _checked(version: ScorecardVersion | None) -> ScorecardVersion | None:
    """The version that will do the scoring; None where several do."""
    try:
        candidate = Candidate.of(version)
    except (BadDefinition, NoScorecard) as error:
        words = _("This scorecard cannot score anybody yet: %(why)s") % {"why": error}
        raise ValidationError({"version": words}) from error
    if not len(candidate.tiers):
        words = _("This scorecard would score nobody: others of higher priority score every tier it fits.")
        raise ValidationError({"version": words})
    return candidate.version


def work_off(
    backtest: Backtest, *, clock: Clock = timezone.now, progress: Callable[[int], None] = lambda done: None
) -> Result | None:
    """Replay, judge and store the result; None where another worker holds the backtest or it is finished.

    `progress` is told how many month ends are done. What is raised is noted on the row and raised again; the
    row is free again after a minute, three times in all.
    """
    if not _claim(backtest, now=clock()):
        return None
    try:
        result = _run(backtest, clock, progress)
        _keep_hold(
            backtest, now=clock(), state=Backtest.State.DONE, result=result.to_json(), error="", finished_at=clock()
        )
    except LeaseLost:
        logger.warning("%s was taken over by another worker", backtest)
        return None
    except Exception as error:
        _note_failure(backtest, error, now=clock())
        raise
    return result


def unfinished(now: datetime) -> list[Backtest]:
    """Backtests that no worker holds."""
    return list(Backtest.objects.filter(_free(now)).order_by("created_at", "id"))


def _free(now: datetime) -> Q:
    return Q(state__in=_OPEN) & (Q(claimed_at__isnull=True) | Q(claimed_at__lt=now - LEASE))


def _claim(backtest: Backtest, *, now: datetime) -> bool:
    """Take hold of it, or give it up where it has ended its workers too often."""
    free = Backtest.objects.filter(_free(now), pk=backtest.pk)
    words = _("The worker was stopped %(n)s times before it could finish.") % {"n": MAX_ATTEMPTS}
    free.filter(attempts__gte=MAX_ATTEMPTS).update(state=Backtest.State.FAILED, finished_at=now, error=words)
    taken = free.update(state=Backtest.State.RUNNING, claimed_at=now, attempts=F("attempts") + 1, days_done=0)
    backtest.refresh_from_db()
    return taken == 1


def _run(backtest: Backtest, clock: Clock, progress: Callable[[int], None]) -> Result:
    span = Span(backtest.since, backtest.until, backtest.horizon_days)
    candidate = Candidate.of(backtest.version)

    def after_day(done: int) -> None:
        _keep_hold(backtest, now=clock(), days_done=done)
        progress(done)

    panel = replay(span, candidate, after_day=after_day)
    suggestion = suggest(panel, span.horizon_days, candidate)
    return judge(panel, span, candidate, suggestion)


def _keep_hold(backtest: Backtest, *, now: datetime, **values: object) -> None:
    """Write to the row and renew the lease, where it is still ours."""
    mine = Backtest.objects.filter(pk=backtest.pk, state=Backtest.State.RUNNING, claimed_at=backtest.claimed_at)
    if not mine.update(claimed_at=now, **values):
        raise LeaseLost
    backtest.refresh_from_db()


def _note_failure(backtest: Backtest, error: Exception, *, now: datetime) -> None:
    """Say on the row what went wrong; it is free again after RETRY_AFTER, or has failed for good."""
    logger.error("%s failed, attempt %s of %s", backtest, backtest.attempts, MAX_ATTEMPTS, exc_info=error)
    mine = Backtest.objects.filter(pk=backtest.pk, state=Backtest.State.RUNNING, claimed_at=backtest.claimed_at)
    words = f"{type(error).__name__}: {error}"[:2_000]
    if backtest.attempts < MAX_ATTEMPTS:
        mine.update(claimed_at=now - LEASE + RETRY_AFTER, error=words)
    else:
        mine.update(state=Backtest.State.FAILED, finished_at=now, error=words)
    backtest.refresh_from_db()
