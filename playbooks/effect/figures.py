"""What became of the runs of playbook versions, read in a fixed number of queries however many versions and runs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Aggregate, Count, DurationField, Exists, ExpressionWrapper, F, OuterRef, Q

from agentfactory_cs.customers.models import Churn
from agentfactory_cs.messaging.models import Email

from ..mailing import SOURCE
from ..models import Run, RunStep
from ..models.run import RunState
from ..words import LEFT_US
from .means import Mean
from .proportions import Arm
from .revenue import retained

_UNDER_WAY = Q(state__in=(RunState.RUNNING, RunState.PAUSED))
_HELD_OUT = Q(state=RunState.HELD_OUT)
# Whom somebody chose was not drawn: he is counted, and not compared with those held out.
_DRAWN = Q(is_drawn=True)
NOBODY = Arm(0, 0)
NOTHING = Mean()


class Median(Aggregate):
    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    allow_distinct = False


@dataclass(frozen=True)
class Effect:
    """What became of a version's runs, the held-out apart.

    `entered` are all; then `under_way`, `finished`, left by the exit condition (`exited`), because they churned, or
    stopped by hand. `treated` and `control` compare those whose days for the goal are over, entered by the trigger
    or held out; `undecided` are those, of both, whose days are not. `stayed` and `stayed_held_out` are those of
    the same who have not churned since, `revenue` and `revenue_held_out` what they retained (`revenue.py`).
    `days_to_goal` is the median.
    """

    entered: int = 0
    under_way: int = 0
    finished: int = 0
    exited: int = 0
    churned: int = 0
    stopped: int = 0
    held_out: int = 0
    goal_reached: int = 0
    days_to_goal: float | None = None
    mails: int = 0
    tasks: int = 0
    undecided: int = 0
    treated: Arm = NOBODY
    control: Arm = NOBODY
    stayed: Arm = NOBODY
    stayed_held_out: Arm = NOBODY
    revenue: Mean = NOTHING
    revenue_held_out: Mean = NOTHING


def effects(version_ids: Iterable[int], now: datetime) -> Mapping[int, Effect]:
    """By version, of those that have runs. Four queries."""
    ids = list(version_ids)
    runs = Run.objects.filter(version__in=ids)
    mails, tasks, revenue = _mails(runs), _tasks(runs), retained(ids, now)
    found = {}
    for row in _counted(runs, now):
        pk = row["version"]
        paid = revenue.get((pk, False), NOTHING), revenue.get((pk, True), NOTHING)
        found[pk] = _effect(row, mails.get(pk, 0), tasks.get(pk, 0), paid)
    return found


def _counted(runs: Any, now: datetime) -> Iterable[Mapping[str, Any]]:
    inside, over = ~_HELD_OUT, _DRAWN & Q(goal_until__lte=now)
    reached, stays = Q(goal_reached_at__isnull=False), Q(has_left=False)
    since = Churn.objects.filter(customer=OuterRef("customer"), churned_on__gte=OuterRef("entered_at__date"))
    took = ExpressionWrapper(F("goal_reached_at") - F("entered_at"), DurationField())
    return (
        runs.annotate(has_left=Exists(since.filter(churned_on__lte=now.date())))
        .order_by()
        .values("version")
        .annotate(
            entered=Count("pk", filter=inside),
            under_way=Count("pk", filter=_UNDER_WAY),
            finished=Count("pk", filter=Q(state=RunState.FINISHED)),
            exited=Count("pk", filter=Q(state=RunState.EXITED) & ~Q(ended_because=LEFT_US)),
            churned=Count("pk", filter=Q(state=RunState.EXITED, ended_because=LEFT_US)),
            stopped=Count("pk", filter=Q(state=RunState.STOPPED)),
            held_out=Count("pk", filter=_HELD_OUT),
            goal_reached=Count("pk", filter=inside & reached),
            took=Median(took, filter=inside & reached),
            undecided=Count("pk", filter=_DRAWN & Q(goal_until__gt=now)),
            treated=Count("pk", filter=inside & over),
            treated_reached=Count("pk", filter=inside & over & reached),
            treated_stayed=Count("pk", filter=inside & over & stays),
            control=Count("pk", filter=_HELD_OUT & over),
            control_reached=Count("pk", filter=_HELD_OUT & over & reached),
            control_stayed=Count("pk", filter=_HELD_OUT & over & stays),
        )
    )


def _effect(row: Mapping[str, Any], mails: int, tasks: int, revenue: tuple[Mean, Mean]) -> Effect:
    plain = (
        "entered",
        "under_way",
        "finished",
        "exited",
        "churned",
        "stopped",
        "held_out",
        "goal_reached",
        "undecided",
    )
    return Effect(
        **{name: row[name] for name in plain},
        days_to_goal=row["took"].total_seconds() / 86_400 if row["took"] else None,
        mails=mails,
        tasks=tasks,
        treated=Arm(row["treated_reached"], row["treated"]),
        control=Arm(row["control_reached"], row["control"]),
        stayed=Arm(row["treated_stayed"], row["treated"]),
        stayed_held_out=Arm(row["control_stayed"], row["control"]),
        revenue=revenue[0],
        revenue_held_out=revenue[1],
    )


def _mails(runs: Any) -> Mapping[int, int]:
    """Mails really sent, by version."""
    sent = Email.objects.filter(source=SOURCE, source_id=OuterRef("pk"), sent_at__isnull=False)
    return _by_version(RunStep.objects.filter(Exists(sent), run__in=runs))


def _tasks(runs: Any) -> Mapping[int, int]:
    return _by_version(RunStep.objects.filter(Q(task__isnull=False) | Q(result__has_key="task"), run__in=runs))


def _by_version(steps: Any) -> Mapping[int, int]:
    return dict(steps.order_by().values("run__version").annotate(n=Count("pk")).values_list("run__version", "n"))
