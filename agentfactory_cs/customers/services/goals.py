"""Goals with their readings, and outcome reports."""

from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from agentfactory_cs.events.services import Actor, record

from ..days import utc_day
from ..models import Goal, GoalReading, OutcomeReport
from .checking import check_and_save


@transaction.atomic
def save_goal(goal: Goal, *, by: Actor = None, now: datetime) -> Goal:
    is_new = goal.pk is None
    was_achieved = not is_new and Goal.objects.filter(pk=goal.pk, achieved_on__isnull=False).exists()
    check_and_save(goal)
    if is_new:
        record("customers.goal_set", goal.customer, {"title": goal.title}, by=by, now=now)
    if goal.achieved_on and not was_achieved:
        record("customers.goal_achieved", goal.customer, {"title": goal.title}, by=by, now=now)
    return goal


@transaction.atomic
def record_reading(goal: Goal, *, value: float, on: date, by: Actor = None, now: datetime) -> GoalReading:
    """Where a goal stands on a day; a second reading of the day replaces the first.

    The first reading at or beyond the target sets the day the goal was achieved.
    """
    if on > utc_day(now):
        raise ValidationError({"read_on": f"{on} lies in the future."})
    reading, _ = GoalReading.objects.update_or_create(goal=goal, read_on=on, defaults={"value": value})
    if goal.achieved_on is None and goal.reached_by(value):
        goal.achieved_on = max(on, goal.set_on)
        save_goal(goal, by=by, now=now)
    return reading


@transaction.atomic
def correct_reading(reading: GoalReading, *, by: Actor = None, now: datetime) -> GoalReading:
    """Store a reading as a person entered or corrected it; one moved to another day leaves its old day."""
    GoalReading.objects.filter(pk=reading.pk).exclude(read_on=reading.read_on).delete()
    return record_reading(reading.goal, value=reading.value, on=reading.read_on, by=by, now=now)


@transaction.atomic
def save_outcome_report(report: OutcomeReport, *, by: Actor = None, now: datetime) -> OutcomeReport:
    is_new = report.pk is None
    check_and_save(report)
    if is_new:
        record("customers.outcome_reported", report.customer, {"period": str(report)}, by=by, now=now)
    return report
