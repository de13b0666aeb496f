"""What follows once everybody is scored: did everybody move at once, and if not, the alerts.

When everybody's score jumps in a day, the data is to blame more often than the customers: the alerts of such
a day wait until somebody releases them, or until the scores are back where they were.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from . import alerting, incidents
from .models import HealthSettings, Incident, ScoringRun
from .moves import Move, move, usual_before
from .shifts import Usual

SOURCE = "scores"
DAY = timedelta(days=1)

logger = logging.getLogger(__name__)


def attempt(run: ScoringRun, *, now: datetime) -> None:
    """As `after_run`; what it raises is noted on the run, which the sweep takes up again in a minute."""
    try:
        after_run(run, now=now)
    except Exception as error:
        logger.exception("What follows %s failed", run)
        note = f"{type(error).__name__}: {error}"[:2_000]
        ScoringRun.objects.filter(pk=run.pk, alerts_at__isnull=True).update(alerts_note=note)


@transaction.atomic
def after_run(run: ScoringRun, *, now: datetime) -> None:
    """Judge the alerts of a run that is done, unless something speaks against it, which is then on the run.

    Safe to call twice, and by two at a time: the run is locked, and one that is judged, passed over or held by
    an open incident is left alone.
    """
    mine = _unjudged().select_for_update(skip_locked=True, of=("self",)).filter(pk=run.pk).first()
    if mine is None:
        return
    if _is_outdated(mine):
        _pass_over(_unjudged().filter(pk=mine.pk), _outdated(), now=now)
        return
    moved = _measure(mine)
    if _is_released(mine) or not _is_held(mine, moved, now=now):
        alerting.judge(mine, now=now)


def catch_up(*, now: datetime) -> None:
    """The sweep for runs whose process died before their alerts were judged, and for those that were released."""
    newest = ScoringRun.objects.filter(state=ScoringRun.State.DONE).order_by("-day").values_list("day", flat=True)
    if (day := newest.first()) is None:
        return
    _pass_over(_unjudged().filter(day__lt=day), _outdated(), now=now)
    for run in _unjudged().filter(day=day).order_by("id"):
        attempt(run, now=now)


def _unjudged() -> QuerySet[ScoringRun]:
    """Runs that are done, whose alerts were neither judged nor passed over, and that no open incident holds back.

    A late feed holds scoring, not alerts: whoever scored such a day all the same wants to know.
    """
    done = ScoringRun.objects.filter(state=ScoringRun.State.DONE, alerts_at__isnull=True)
    return done.exclude(incident__kind=Incident.Kind.FLEET_SHIFT, incident__closed_at__isnull=True)


def _is_outdated(run: ScoringRun) -> bool:
    return ScoringRun.objects.filter(state=ScoringRun.State.DONE, day__gt=run.day).exists()


def _outdated() -> str:
    return _("A later day was scored already: its alerts tell what matters now.")


def _pass_over(runs: QuerySet[ScoringRun], why: str, *, now: datetime) -> None:
    runs.update(alerts_at=now, alerts_note=why)


def _is_released(run: ScoringRun) -> bool:
    """Somebody has decided about this run's data already."""
    return run.incident is not None and run.incident.outcome == Incident.Outcome.RELEASED


def _measure(run: ScoringRun) -> Move:
    moved = move(run.day - DAY, run.day)
    run.median_change, run.alerts_note = moved.median, moved.why_not_compared
    run.save(update_fields=("median_change", "alerts_note"))
    return moved


def _is_held(run: ScoringRun, moved: Move, *, now: datetime) -> bool:
    """Hold the run where everybody moved at once, or has not come back from where an earlier shift took them."""
    spreads = HealthSettings.get().shift_spreads
    if standing := _standing():
        return _is_still_away(run, standing, spreads, now=now)
    expected = usual_before(run.day)
    if expected is None or not moved.leaves(expected, spreads):
        return False
    _hold(run, moved, expected, now=now)
    return True


def _standing() -> Incident | None:
    open_ones = Incident.objects.select_for_update().filter(closed_at__isnull=True)
    return open_ones.filter(kind=Incident.Kind.FLEET_SHIFT, source=SOURCE).first()


def _is_still_away(run: ScoringRun, standing: Incident, spreads: float, *, now: datetime) -> bool:
    """Measured from the day before the shift: the way back is a jump as well, but not an incident."""
    overall, expected = move(standing.day - DAY, run.day), usual_before(standing.day)
    if expected and (overall.median is None or overall.leaves(expected, spreads)):
        _hold(run, overall, expected, now=now)
        return True
    _recover(standing, run, now=now)
    return False


def _recover(incident: Incident, run: ScoringRun, *, now: datetime) -> None:
    words = _("On %(day)s the scores are back where they were before; the alerts of the days between are passed over.")
    reason = words % {"day": date_format(run.day)}
    waiting = incident.runs.filter(alerts_at__isnull=True, state=ScoringRun.State.DONE)
    _pass_over(waiting.exclude(pk=run.pk), reason, now=now)
    incidents.close(incident, Incident.Outcome.RECOVERED, reason=reason, now=now)


def _hold(run: ScoringRun, moved: Move, expected: Usual, *, now: datetime) -> None:
    run.incident = incidents.report(
        Incident.Kind.FLEET_SHIFT,
        source=SOURCE,
        day=run.day,
        summary=moved.sentence(expected),
        figures=_figures(moved, expected),
        now=now,
    )
    run.save(update_fields=("incident",))


def _figures(moved: Move, expected: Usual) -> dict[str, Any]:
    return {
        "since": moved.since.isoformat(),
        "change": None if moved.median is None else round(moved.median, 2),
        "usual_change": round(expected.change, 2),
        "spread": round(expected.spread, 2),
        "customers": moved.compared,
    }
