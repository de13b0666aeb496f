"""Moving the demo's clock: everything that was due within some days, or happened, comes to lie so much further back.

Each app says in its `timeshift.py` which of its columns move, and what it does as time passes. What belongs to
calendar days as they were measured (usage, scores, reports) stays where it is.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from django.db.models import ExpressionWrapper, F, Model, UniqueConstraint

from agentfactory_cs.registry import Registry

MOST_DAYS = 366
_STEP = timedelta(hours=1)
# A place far from every date, by way of which rows that exclude each other by their days pass one another.
_FAR = timedelta(days=365_000)


@dataclass(frozen=True)
class Shift:
    """The moments and days of one model that move; `key` is the model's label in small letters.

    `frozen_by` names the database trigger that otherwise refuses changes of its rows.
    """

    key: str
    fields: tuple[str, ...]
    frozen_by: str = ""


@dataclass(frozen=True)
class Passing:
    """What an app does as time passes: `run(now)`, hour by hour through the days that are made up for.

    Nobody else does it meanwhile where `alone` is given. One that `leaves_the_database` (it sends) follows when the
    rest is committed.
    """

    key: str
    run: Callable[[datetime], object]
    alone: Callable[[], AbstractContextManager[Any]] = nullcontext
    leaves_the_database: bool = False
    order: int = 100


shifts: Registry[Shift] = Registry("shift of the clock")
passings: Registry[Passing] = Registry("passing of time")


def advance(days: int, *, now: datetime) -> int:
    """Let so many days pass by `now`, and return how many rows were moved; ValueError for a number it cannot be.

    The rows move in one transaction, in which steps are done and tasks made as of their own moments; mail goes out
    afterwards, as of its own. Broken off in between, the usual workers send what is due.
    """
    if not 1 <= days <= MOST_DAYS:
        raise ValueError(f"The clock is moved by 1 to {MOST_DAYS} days, not by {days}.")
    back = timedelta(days=days)
    with ExitStack() as held:
        for passing in passings:
            held.enter_context(passing.alone())
        with transaction.atomic():
            moved = sum(_move(shift, back) for shift in shifts)
            _let_pass(now - back, now, outside=False)
        _let_pass(now - back, now, outside=True)
    return moved


def _let_pass(since: datetime, until: datetime, *, outside: bool) -> None:
    chosen = [passing for passing in passings if passing.leaves_the_database == outside]
    moment = since
    while moment < until:
        moment = min(moment + _STEP, until)
        for passing in chosen:
            passing.run(moment)


def _move(shift: Shift, back: timedelta) -> int:
    model = apps.get_model(shift.key)
    with _thawed(model, shift.frozen_by):
        if not _excludes_by(model, shift.fields):
            return _subtract(model, shift.fields, back)
        _subtract(model, shift.fields, _FAR)
        return _subtract(model, shift.fields, back - _FAR)


def _subtract(model: type[Model], fields: tuple[str, ...], back: timedelta) -> int:
    columns = {field.name: field for field in model._meta.concrete_fields}
    moved = {name: ExpressionWrapper(F(name) - back, columns[name]) for name in fields}
    return model._default_manager.update(**moved)


def _excludes_by(model: type[Model], fields: tuple[str, ...]) -> bool:
    """Whether rows may meet on their way: a constraint is asked row by row."""
    unique = [one for one in model._meta.constraints if isinstance(one, UniqueConstraint)]
    return any(set(one.fields) & set(fields) for one in unique)


@contextmanager
def _thawed(model: type[Model], trigger: str) -> Iterator[None]:
    if not trigger:
        yield
        return
    quote = connection.ops.quote_name
    statement = f"ALTER TABLE {quote(model._meta.db_table)} {{}} TRIGGER {quote(trigger)}"
    with connection.cursor() as cursor:
        # A table is not altered while checks of its rows are put off to the end of the transaction.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(statement.format("DISABLE"))
        yield
        cursor.execute(statement.format("ENABLE"))
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
