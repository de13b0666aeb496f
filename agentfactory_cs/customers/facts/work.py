"""What passes between us and the customer, and what is left to do."""

from datetime import UTC, datetime
from typing import Any

from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import TruncDate
from django.utils.translation import gettext_lazy as _

from ..conditions.registry import Fact, FactType, facts
from ..days import utc_day
from ..models import Goal, Interaction, Task
from .totals import total


def _last_contact_on(now: datetime) -> Any:
    held = Interaction.objects.filter(customer=OuterRef("pk"), held_at__lte=now).exclude(kind=Interaction.Kind.NOTE)
    return TruncDate(Subquery(held.order_by("-held_at").values("held_at")[:1]), tzinfo=UTC)


def _open_tasks(now: datetime) -> Any:
    unfinished = Q(finished_at__isnull=True) | Q(finished_at__gt=now)
    return total(Task.objects.filter(unfinished, created_at__lte=now), "COUNT", "id")


def _open_goals(now: datetime) -> Any:
    today = utc_day(now)
    not_there = Q(achieved_on__isnull=True) | Q(achieved_on__gt=today)
    return total(Goal.objects.filter(not_there, kind=Goal.Kind.GOAL, set_on__lte=today), "COUNT", "id")


for fact in (
    Fact(
        "customers.last_contact_on",
        _("Last contact"),
        FactType.DAY,
        _last_contact_on,
        _("The day (UTC) of the last call, meeting or mail, whoever reached out; notes to ourselves do not count."),
        order=30,
    ),
    Fact(
        "customers.open_tasks",
        _("Open tasks"),
        FactType.NUMBER,
        _open_tasks,
        _("Tasks for this customer that nobody has finished or skipped."),
        _("tasks"),
        order=31,
    ),
    Fact(
        "customers.goals_open",
        _("Open goals"),
        FactType.NUMBER,
        _open_goals,
        _("Goals, without success metrics, that are set and not achieved."),
        _("goals"),
        order=32,
    ),
):
    facts.register(fact)
