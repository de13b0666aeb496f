"""The kinds of import, each knowing its fields and how a row becomes a record. Command and console share them."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from django.db.models import Model

from agentfactory_cs.events.services import Actor
from agentfactory_cs.registry import Registry

from .fields import Field
from .mapping import Plan
from .problems import ImportRefused
from .report import Report
from .source import Source

Progress = Callable[[int], None]


class Kind(Protocol):
    """One kind of import: `label` names it, `thing` what it writes, in the plural.

    `load` reads a source by a plan, writes, and tells the report what came of each row.
    """

    @property
    def key(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def thing(self) -> str: ...
    @property
    def model(self) -> type[Model]: ...
    @property
    def fields(self) -> tuple[Field, ...]: ...
    @property
    def one_of(self) -> tuple[tuple[str, ...], ...]: ...
    @property
    def max_rows_in_console(self) -> int: ...

    def load(
        self, source: Source, plan: Plan, report: Report, *, by: Actor, now: datetime, progress: Progress
    ) -> None: ...


kinds: Registry[Kind] = Registry("kind of import")


def short_name(kind: Kind) -> str:
    """`customers.churn_dates` → `churn_dates`, as the command spells it."""
    return kind.key.rpartition(".")[2]


def kind_named(name: str) -> Kind:
    """ImportRefused names the kinds that there are."""
    wanted = "_".join(name.lower().replace("-", " ").split())
    for kind in kinds:
        if short_name(kind) == wanted:
            return kind
    raise ImportRefused(f"There is no kind {name!r}. Kinds: {', '.join(map(short_name, kinds))}.")
