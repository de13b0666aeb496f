"""The demo's scores and alerts: every day of its history, scored and judged the way the nightly run does it, and its
alerts worked the way its people would."""

from datetime import date, datetime, timedelta
from functools import partial
from random import Random

from django.db import connection

from agentfactory_cs.customers.days import end_of_day
from agentfactory_cs.demo import Stage, World, stages

from . import alerts, digests, reports, runs
from .models import Alert
from .reports.weeks import WEEK, newest_whole_week

# The nightly run starts at two o'clock, in the night after the day it scores.
_AT_NIGHT = timedelta(hours=2)
_WEEKS_REPORTED = 8
# How soon an alert is taken up, in hours after the night; the rest of the open ones is left for later days.
_TAKEN_UP_HOURS = (7, 12)
_TAKEN_UP, _SNOOZED, _LABELLED = 0.45, 0.12, 0.75
_CLOSED_AFTER = timedelta(days=21)
_USEFUL = {Alert.Kind.AT_RISK: 0.8, Alert.Kind.DROP: 0.72, Alert.Kind.LEFT_HEALTHY: 0.5}


def tell_scores(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # the tables have just been filled; unknown to the planner, they cost minutes
    for days_ago in range(world.days, 0, -1):
        night = end_of_day(world.day(days_ago)) + _AT_NIGHT
        run = runs.start_run(world.day(days_ago), now=night)
        runs.work_off(run, clock=partial(_always, night))
        if days_ago > 1:  # of the last night's alerts the first digest tells
            _work_alerts(world, night)
        if days_ago % 30 == 1:
            world.report(f"  {world.days - days_ago + 1} of {world.days} days")


def _always(moment: datetime) -> datetime:
    return moment


def tell_reports(world: World) -> None:
    """The reports of past weeks, as they would have been made, and no mails: nobody waits for old ones."""
    newest = newest_whole_week(world.today)
    for week in (newest - WEEK * back for back in reversed(range(_WEEKS_REPORTED))):
        reports.make_week(week, now=world.moment(week + WEEK, hour=7), send=False)


def _work_alerts(world: World, night: datetime) -> None:
    """A working day: what is announced is told of, some is taken up, and of what is over people say what it was."""
    digests.mark_told(digests.untold(night), now=night)
    day = night.date()
    alerts.wake_due(now=night)
    if day.isoweekday() > 5:
        return
    for alert in Alert.objects.filter(quiet="", owner__isnull=False, label="").select_related("owner").order_by("pk"):
        _work(alert, day, night, world.rng("health.alerts", alert.pk * 1_000 + day.toordinal() % 1_000))


def _work(alert: Alert, day: date, night: datetime, rng: Random) -> None:
    moment = night + timedelta(hours=rng.uniform(*_TAKEN_UP_HOURS))
    if alert.state == Alert.State.OPEN and rng.random() < _TAKEN_UP:
        if rng.random() < _SNOOZED:
            alerts.snooze(alert, until=day + timedelta(days=7), by=alert.owner, now=moment)
        else:
            alerts.acknowledge(alert, by=alert.owner, now=moment)
    elif alert.state == Alert.State.ACKNOWLEDGED and night - alert.opened_at > _CLOSED_AFTER:
        alerts.close(alert, reason="We talked; they know what to do next", by=alert.owner, now=moment)
    elif alert.state == Alert.State.CLOSED and rng.random() < _LABELLED:
        alerts.label(alert, label=_verdict(alert, rng), by=alert.owner, now=moment)


def _verdict(alert: Alert, rng: Random) -> str:
    if rng.random() < 0.1:
        return Alert.Label.KNOWN
    return Alert.Label.USEFUL if rng.random() < _USEFUL[Alert.Kind(alert.kind)] else Alert.Label.NOISE


stages.register(Stage("health.scores", "Health scores", tell_scores, order=900))
stages.register(Stage("health.reports", "Weekly reports", tell_reports, order=910))
