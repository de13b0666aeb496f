"""The daily scoring of everybody, worked off chunk by chunk by any number of workers.

A run and its chunks are rows; a worker claims a chunk (a lease), scores it and counts it in one
transaction. A worker that dies loses nothing: its lease runs out and another takes the chunk. A chunk that
fails is tried again a minute later, five times in all, and holds up no other.
"""

import logging
from collections.abc import Callable
from datetime import date, datetime, timedelta

from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from agentfactory_cs.events.services import Actor, actor_user

from . import aftermath
from .models import ScoringChunk, ScoringRun
from .readings import Selection, connected_sources
from .scoring import Cards, score_and_store

CHUNK_CUSTOMERS = 5_000
LEASE = timedelta(minutes=10)
RETRY_AFTER = timedelta(minutes=1)
MAX_ATTEMPTS = 5

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]

_RANGES = """
SELECT min(id), max(id), count(*)
FROM (SELECT id, (row_number() OVER (ORDER BY id) - 1) / %s AS chunk FROM customers_customer) numbered
GROUP BY chunk ORDER BY chunk"""


def start_run(day: date, *, by: Actor = None, now: datetime) -> ScoringRun:
    """The run of a day: a new one, or the one that is under way or held.

    Whatever has come of the day's usage; `feeds.start_unless_late` asks for that first.
    """
    try:
        with transaction.atomic():
            return ScoringRun.objects.create(day=day, requested_by=actor_user(by), created_at=now)
    except IntegrityError:
        return under_way(day) or ScoringRun.objects.create(day=day, requested_by=actor_user(by), created_at=now)


def under_way(day: date) -> ScoringRun | None:
    """The run of a day that is queued, running or held; there is one at most."""
    return ScoringRun.objects.filter(day=day, state__in=("queued", "running", "held")).first()


def work_off(run: ScoringRun, *, clock: Clock = timezone.now, progress: Callable[[int], None] | None = None) -> int:
    """Score chunks of a run until none is left to claim; returns the customers scored here.

    Any number of these may work on one run at a time. What scoring a chunk raised is noted on the run and,
    after the other chunks are done, raised again.
    """
    connected, cards = connected_sources(run.day), Cards.in_force()
    scored, failure = 0, None
    while chunk := _claim(run, now=clock()):
        try:
            scored += _work(chunk, run, connected, cards)
        except Exception as error:
            failure = error
            _note_failure(chunk, error, now=clock())
        if progress:
            progress(scored)
    _finish(run, now=clock())
    if failure:
        raise failure
    return scored


def unfinished_runs(now: datetime) -> list[ScoringRun]:
    """Runs with something to claim, or with nothing left to do but to be closed."""
    claimable = ScoringChunk.objects.filter(_claimable(now), run=OuterRef("pk"))
    hopeful = ScoringChunk.objects.filter(_hopeful(now), run=OuterRef("pk"))
    runs = ScoringRun.objects.filter(state__in=("queued", "running")).order_by("day")
    return list(runs.filter(Exists(claimable) | ~Exists(hopeful)))


def _free(now: datetime) -> Q:
    return Q(claimed_at__isnull=True) | Q(claimed_at__lt=now - LEASE)


def _claimable(now: datetime) -> Q:
    return Q(scored__isnull=True, attempts__lt=MAX_ATTEMPTS) & _free(now)


def _hopeful(now: datetime) -> Q:
    """Chunks that may still be done: another attempt is left, or the last one is under way."""
    return Q(scored__isnull=True) & (Q(attempts__lt=MAX_ATTEMPTS) | ~_free(now))


@transaction.atomic
def _claim(run: ScoringRun, *, now: datetime) -> ScoringChunk | None:
    queued = ScoringRun.objects.filter(pk=run.pk, state=ScoringRun.State.QUEUED)
    if queued.update(state=ScoringRun.State.RUNNING, started_at=now):
        _cut(run)
    open_run = Q(run=run, run__state=ScoringRun.State.RUNNING)
    chunks = ScoringChunk.objects.filter(open_run & _claimable(now)).order_by("attempts", "id")
    chunk = chunks.select_for_update(skip_locked=True, of=("self",)).first()
    if chunk:
        chunk.claimed_at, chunk.attempts = now, chunk.attempts + 1
        chunk.save(update_fields=("claimed_at", "attempts"))
    return chunk


def _cut(run: ScoringRun) -> None:
    """Divide the customers there are into chunks. At the start: a run may have been held for days."""
    with connection.cursor() as cursor:
        cursor.execute(_RANGES, [CHUNK_CUSTOMERS])
        ranges = cursor.fetchall()
    ScoringChunk.objects.bulk_create(ScoringChunk(run=run, first_id=first, last_id=last) for first, last, _ in ranges)
    total = sum(count for _, _, count in ranges)
    ScoringRun.objects.filter(pk=run.pk).update(customers_total=total)


def _work(chunk: ScoringChunk, run: ScoringRun, connected: frozenset[str], cards: Cards) -> int:
    with transaction.atomic():
        selection = Selection(chunk.first_id, chunk.last_id)
        scored = score_and_store(selection, run.day, connected=connected, cards=cards)
        _count(chunk, scored)
    return scored


def _count(chunk: ScoringChunk, scored: int) -> None:
    """Count the chunk once, even where a lease ran out and two workers scored it."""
    if ScoringChunk.objects.filter(pk=chunk.pk, scored__isnull=True).update(scored=scored):
        ScoringRun.objects.filter(pk=chunk.run_id).update(customers_done=F("customers_done") + scored)


def _note_failure(chunk: ScoringChunk, error: Exception, *, now: datetime) -> None:
    """Say on the run what went wrong; the chunk is free again after RETRY_AFTER, as if its lease had run out."""
    logger.error("Scoring %s failed, attempt %s of %s", chunk, chunk.attempts, MAX_ATTEMPTS, exc_info=error)
    free_again = now - LEASE + (RETRY_AFTER if chunk.attempts < MAX_ATTEMPTS else -timedelta(seconds=1))
    ScoringChunk.objects.filter(pk=chunk.pk).update(claimed_at=free_again)
    ScoringRun.objects.filter(pk=chunk.run_id).update(error=f"{type(error).__name__}: {error}"[:2_000])


def _finish(run: ScoringRun, *, now: datetime) -> None:
    """Close the run once nothing is left to hope for; whoever comes last does it, and sees to what follows.

    Each question is asked in the statement that acts on it: between two, another worker may count the last chunk.
    """
    under_way = ScoringRun.objects.filter(pk=run.pk, state__in=("queued", "running"))
    chunks = ScoringChunk.objects.filter(run=OuterRef("pk"))
    unscored, hopeful = Exists(chunks.filter(scored__isnull=True)), Exists(chunks.filter(_hopeful(now)))
    is_done = under_way.filter(~unscored).update(state=ScoringRun.State.DONE, finished_at=now, error="")
    if is_done:
        aftermath.attempt(run, now=now)
    else:
        under_way.filter(unscored, ~hopeful).update(state=ScoringRun.State.FAILED, finished_at=now)
    run.refresh_from_db()
