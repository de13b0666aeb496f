"""The demo: a made-up book of customers with months of history, so that the console has something to show.

An app offers its part in its `demo.py`: stages that run in order over one world. The same seed and day
give the same data.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta

from django.db import transaction

from agentfactory_cs.console.models import Shipped
from agentfactory_cs.registry import Registry

Report = Callable[[str], None]

# As many customers as there are stories to tell (customers/demo/stories.py).
FEWEST_CUSTOMERS = 8
CHUNK = 500

_BEGUN = "demo:begun:"
_DONE = "demo:done:"


class DemoRefused(Exception):
    """The demo cannot be loaded into this database; the message says why and what to do."""


@dataclass(frozen=True)
class World:
    """What every stage knows: how many customers, how long a history, and which day it is.

    History ends with yesterday: at `now`, midnight UTC, nothing has happened yet today. Moments are told
    as days ago, so that a story reads the same on any day.
    """

    today: date
    customers: int = 200
    days: int = 120
    seed: int = 1
    report: Report = field(default=lambda line: None, compare=False)

    @property
    def now(self) -> datetime:
        return datetime.combine(self.today, time.min, tzinfo=UTC)

    @property
    def first_day(self) -> date:
        """The first day of the history that is shown."""
        return self.day(self.days)

    @property
    def last_day(self) -> date:
        return self.day(1)

    def day(self, days_ago: int) -> date:
        return self.today - timedelta(days=days_ago)

    def workday(self, days_ago: int) -> date:
        """That day, or the Friday before where it falls on a weekend."""
        day = self.day(days_ago)
        return day - timedelta(days=max(0, day.isoweekday() - 5))

    def moment(self, day: date, hour: float = 0.0) -> datetime:
        return datetime.combine(day, time.min, tzinfo=UTC) + timedelta(seconds=round(hour * 3600))

    def rng(self, topic: str, index: int = 0) -> random.Random:
        """A stream of its own per topic and customer: data added to one leaves every other as it was."""
        return random.Random(f"{self.seed}/{topic}/{index}")

    def chunks(self) -> Iterator[range]:
        """The customers' indexes in pieces that fit into memory, whatever their number."""
        for first in range(0, self.customers, CHUNK):
            yield range(first, min(first + CHUNK, self.customers))


@dataclass(frozen=True)
class Stage:
    """One kind of data. `run` writes all of it or nothing, in the transaction it is called in.

    `obstacle` returns a sentence where the database holds something the demo must not mix with.
    """

    key: str
    title: str
    run: Callable[[World], None]
    order: int = 100
    obstacle: Callable[[], str | None] = lambda: None


stages: Registry[Stage] = Registry("stage of the demo")


def load(world: World) -> None:
    """Run every stage that has not run yet.

    Safe to run twice because each finished stage is remembered with its own rows: a demo that broke off
    goes on where it stopped, with the day it was begun on. Raises DemoRefused for a database that holds
    other customers or another demo.
    """
    world = _begin(world)
    for stage in _stages_to_run():
        world.report(f"{stage.title} …")
        with transaction.atomic():
            stage.run(world)
            Shipped.objects.create(key=_DONE + stage.key)


def begun() -> World | None:
    """The demo this database holds, complete or not."""
    for described in _remembered(_BEGUN):
        figures = dict(figure.split("=") for figure in described.split(","))
        customers, days, seed = (int(figures[name]) for name in ("customers", "days", "seed"))
        return World(date.fromisoformat(figures["today"]), customers, days, seed)
    return None


def is_wanted() -> bool:
    """Whether a first start should load the demo: into an empty database, or to complete what broke off."""
    if begun():
        return bool(_stages_to_run())
    return not _obstacles()


@transaction.atomic
def _begin(world: World) -> World:
    """The world to build: the one begun earlier, on its day, or this one."""
    earlier = begun()
    if earlier is None:
        if obstacles := _obstacles():
            raise DemoRefused(" ".join(obstacles) + " The demo wants a database of its own.")
        Shipped.objects.create(key=f"{_BEGUN}{_figures(world)},today={world.today}")
        return world
    if _figures(earlier) != _figures(world):
        raise DemoRefused(
            f"This database holds another demo ({_figures(earlier)}). Leave the figures out to complete it, or use an"
            " empty database."
        )
    return replace(earlier, report=world.report)


def _figures(world: World) -> str:
    return f"customers={world.customers},days={world.days},seed={world.seed}"


def _obstacles() -> list[str]:
    return [sentence for stage in stages if (sentence := stage.obstacle())]


def _stages_to_run() -> list[Stage]:
    done = _remembered(_DONE)
    return [stage for stage in stages if stage.key not in done]


def _remembered(prefix: str) -> set[str]:
    keys = Shipped.objects.filter(key__startswith=prefix).values_list("key", flat=True)
    return {key.removeprefix(prefix) for key in keys}
