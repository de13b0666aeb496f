"""The real engine run day by day with time passed as `now`, and what it did; a preview over the same days."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from agentfactory_cs.customers import services as customers
from agentfactory_cs.customers.days import start_of_day, utc_day
from agentfactory_cs.customers.models import Task
from agentfactory_cs.events.models import Event
from agentfactory_cs.messaging.models import Email
from playbooks import entering, watching
from playbooks.models import Playbook, Run, RunStep
from playbooks.preview import simulate
from playbooks.preview.counting import result_of
from playbooks.preview.simulation import LOOK_AT, Simulated
from playbooks.working import work_off_due

FIRST_DAY = date(2026, 3, 2)  # Europe and America change to summer time in the weeks after it.
Entered = set[tuple[int, datetime]]
Done = list[tuple[int, date]]


@dataclass(frozen=True)
class Lived:
    """For whom what was done when: to the moment who entered, by the day mails and tasks."""

    entered: Entered
    held_out: set[int]
    mails: Done
    tasks: Done
    left_early: int


def live(days: int, at_midnight: Callable[[datetime], None] = lambda now: None) -> None:
    """Hour by hour so many days, and at the moment of the daily look: departures and signups at midnight, exits, the
    look, steps; people finish their tasks when those are due."""
    last_event = 0
    for now in _moments(days):
        if now.time() == time.min:
            at_midnight(now)
        _finish_tasks(now)
        last_event = _feed(last_event, now)
        watching.let_out(now=now)
        if now.timetz() == LOOK_AT:
            entering.look_at_everybody(now)
        work_off_due(now=now)


def _moments(days: int) -> Iterator[datetime]:
    for day in (FIRST_DAY + timedelta(days=place) for place in range(days)):
        hours = [start_of_day(day) + timedelta(hours=hour) for hour in range(24)]
        yield from sorted([*hours, datetime.combine(day, LOOK_AT)])


def _finish_tasks(now: datetime) -> None:
    held = RunStep.objects.filter(state="with_person").values("task")
    for task in Task.objects.open().filter(pk__in=held, due_at__lte=now):
        customers.finish_task(task, now=now)


def _feed(last: int, now: datetime) -> int:
    events = list(Event.objects.filter(pk__gt=last).order_by("pk"))
    entering.on_events(events, now)
    watching.on_events(events, now)
    return events[-1].pk if events else last


def really(playbook: Playbook) -> Lived:
    runs = Run.objects.filter(playbook=playbook)
    steps = RunStep.objects.filter(run__playbook=playbook)
    with_task = steps.filter(task__isnull=False) | steps.filter(result__has_key="task")
    return Lived(
        entered=set(runs.exclude(state="held_out").values_list("customer", "entered_at")),
        held_out=set(runs.filter(state="held_out").values_list("customer", flat=True)),
        mails=_days(Email.objects.exclude(state="withheld").values_list("customer", "due_at")),
        tasks=_days(with_task.values_list("run__customer", "due_at")),
        left_early=runs.filter(state="exited").count(),
    )


def _days(rows: Iterable[tuple[int, datetime | None]]) -> Done:
    return sorted((pk, utc_day(at)) for pk, at in rows if at)


def previewed(playbook: Playbook, days: int) -> Lived:
    version = playbook.versions.get(state="published")
    until = FIRST_DAY + timedelta(days=days - 1)
    found = simulate(playbook, version.plan, FIRST_DAY, until)
    result_of(playbook, version.plan, found, FIRST_DAY, until)
    return seen(found)


def seen(found: Simulated) -> Lived:
    inside = [walk for walk in found.walks if not walk.is_held_out]
    return Lived(
        entered={(walk.customer_id, walk.entered_at) for walk in inside},
        held_out={walk.customer_id for walk in found.walks if walk.is_held_out},
        mails=_days((walk.customer_id, at) for walk in inside for at, _counts in walk.mails),
        tasks=_days((walk.customer_id, at) for walk in inside for at in walk.tasks),
        left_early=sum(walk.has_left_early for walk in inside),
    )
