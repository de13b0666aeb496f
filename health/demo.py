"""The demo's scores: every day of its history, scored the way the nightly run does it."""

from datetime import datetime, timedelta
from functools import partial

from django.db import connection

from agentfactory_cs.customers.days import end_of_day
from agentfactory_cs.demo import Stage, World, stages

from . import reports, runs
from .reports.weeks import WEEK, newest_whole_week

# The nightly run starts at two o'clock, in the night after the day it scores.
_AT_NIGHT = timedelta(hours=2)
_WEEKS_REPORTED = 8


def tell_scores(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # the tables have just been filled; unknown to the planner, they cost minutes
    for days_ago in range(world.days, 0, -1):
        night = end_of_day(world.day(days_ago)) + _AT_NIGHT
        run = runs.start_run(world.day(days_ago), now=night)
        runs.work_off(run, clock=partial(_always, night))
        if days_ago % 30 == 1:
            world.report(f"  {world.days - days_ago + 1} of {world.days} days")


def _always(moment: datetime) -> datetime:
    return moment


def tell_reports(world: World) -> None:
    """The reports of past weeks, as they would have been made, and no mails: nobody waits for old ones."""
    newest = newest_whole_week(world.today)
    for week in (newest - WEEK * back for back in reversed(range(_WEEKS_REPORTED))):
        reports.make_week(week, now=world.moment(week + WEEK, hour=7), send=False)


stages.register(Stage("health.scores", "Health scores", tell_scores, order=900))
stages.register(Stage("health.reports", "Weekly reports", tell_reports, order=910))
