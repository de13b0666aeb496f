"""Milestones that show in what customers do: their usage, their courses, the tasks our people finish for them.

Usage and courses are days: what shows on one was reached by the end of that day (UTC), and by now at the latest.
Only running onboardings are looked at, in one statement each, whatever their number.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection

from agentfactory_cs.customers.days import end_of_day, utc_day
from agentfactory_cs.customers.models import Task
from agentfactory_cs.events.models import Event
from playbooks.models import RunStep

from . import rules
from .milestones import Reached, reach_all
from .models.onboarding import MilestoneSource

WEEK_DAYS = 7

# The first day with each kind of use. Of the active week it is the day of use that has enough others before it
# within a span of seven. What is known to have been reached as early is left out: as a rule, everything is.
_USAGE = """
    WITH used AS (
        SELECT usage.customer_id, usage.day, usage.logins, usage.active_agents, usage.conversations,
               usage.day - lag(usage.day, %(before)s) OVER (PARTITION BY usage.customer_id ORDER BY usage.day) AS span
          FROM onboarding_onboarding onboarding
          JOIN customers_usageday usage ON usage.customer_id = onboarding.customer_id
         WHERE onboarding.state = 'running'
           AND usage.day BETWEEN (onboarding.started_at AT TIME ZONE 'UTC')::date AND %(today)s
           AND (usage.logins > 0 OR usage.api_calls > 0 OR usage.conversations > 0 OR usage.active_agents > 0)
    ), firsts AS (
        SELECT customer_id,
               min(day) FILTER (WHERE logins > 0) AS first_login,
               min(day) FILTER (WHERE active_agents > 0) AS first_agent,
               min(day) FILTER (WHERE conversations > 0) AS first_conversation,
               min(day) FILTER (WHERE span < %(week)s) AS first_week
          FROM used
         GROUP BY customer_id
    )
    SELECT firsts.customer_id, reached.key, reached.day
      FROM firsts
     CROSS JOIN LATERAL (VALUES (%(first_login)s, first_login), (%(first_agent)s, first_agent),
                                (%(first_conversation)s, first_conversation), (%(first_week)s, first_week)
                        ) AS reached (key, day)
     WHERE reached.day IS NOT NULL
       AND NOT EXISTS (
            SELECT FROM onboarding_milestone known
             WHERE known.customer_id = firsts.customer_id AND known.key = reached.key
               AND known.reached_at <= least((reached.day + 1)::timestamp AT TIME ZONE 'UTC', %(now)s))"""

# Every course that was assigned is completed, and there is at least one.
_TRAININGS = """
    SELECT training.customer_id, max(training.completed_on), count(*)
      FROM onboarding_onboarding onboarding
      JOIN customers_training training ON training.customer_id = onboarding.customer_id
     WHERE onboarding.state = 'running'
       AND NOT EXISTS (SELECT FROM onboarding_milestone known
                        WHERE known.customer_id = onboarding.customer_id AND known.key = %(training)s)
     GROUP BY training.customer_id
    HAVING count(*) = count(*) FILTER (WHERE training.completed_on <= %(today)s)"""

_IN_WORDS = {
    rules.FIRST_LOGIN: "A login on {day}.",
    rules.FIRST_AGENT: "An active agent on {day}.",
    rules.FIRST_CONVERSATION: "A conversation on {day}.",
    rules.FIRST_WEEK: "Used on {days} days out of {week} in a row, the last of them {day}.",
}


def look(*, now: datetime) -> int:
    """Note what shows in usage and courses by now; how many milestones were reached for the first time."""
    return from_usage(now=now) + from_trainings(now=now)


def from_usage(*, now: datetime) -> int:
    """First login, agent, conversation and active week of everybody in onboarding."""
    told = {
        "now": now,
        "today": utc_day(now),
        "before": rules.ACTIVE_DAYS_OF_WEEK - 1,
        "week": WEEK_DAYS,
        "first_login": rules.FIRST_LOGIN,
        "first_agent": rules.FIRST_AGENT,
        "first_conversation": rules.FIRST_CONVERSATION,
        "first_week": rules.FIRST_WEEK,
    }
    return reach_all([_used(*row) for row in _rows(_USAGE, told)], now=now)


def _used(customer_id: int, key: str, day: date) -> Reached:
    words = _IN_WORDS[key].format(day=day, days=rules.ACTIVE_DAYS_OF_WEEK, week=WEEK_DAYS)
    return Reached(customer_id, key, end_of_day(day), MilestoneSource.USAGE, words)


def from_trainings(*, now: datetime) -> int:
    """Training completed, of everybody in onboarding to whom a course was assigned."""
    rows = _rows(_TRAININGS, {"today": utc_day(now), "training": rules.TRAINING})
    return reach_all([_trained(*row) for row in rows], now=now)


def _trained(customer_id: int, day: date, courses: int) -> Reached:
    words = f"Completed {'the course' if courses == 1 else f'all {courses} courses'} assigned, the last on {day}."
    return Reached(customer_id, rules.TRAINING, end_of_day(day), MilestoneSource.TRAINING, words)


def from_tasks(events: Sequence[Event], *, now: datetime) -> int:
    """Tasks of playbook steps that name a milestone reach it when they are done, not when they are skipped."""
    finished = {event.data["task"]: event for event in events if "task" in event.data}
    done = Task.objects.filter(pk__in=finished, status=Task.Status.DONE)
    steps = RunStep.objects.filter(task__in=done).select_related("run__version", "task")
    rows = [_performed(step, key, finished[step.task_id]) for step in steps if (key := _milestone_of(step))]
    return reach_all(rows, now=now)


def _milestone_of(step: RunStep) -> str:
    return step.run.version.plan.step(step.key).params.get("milestone") or ""


def _performed(step: RunStep, key: str, event: Event) -> Reached:
    words = f"{step.task}: {event.by_label}"
    return Reached(step.run.customer_id, key, event.happened_at, MilestoneSource.TASK, words)


def _rows(statement: str, told: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, told)
        return cursor.fetchall()
