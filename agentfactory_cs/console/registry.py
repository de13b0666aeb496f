"""What the apps fill the console with, offered in their `console.py` and `kpis.py`.

The frame knows no customer: a panel, column or card gets the object or queryset it is asked about and
returns what to show.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal

from django.contrib.admin.filters import ListFilter
from django.db.models import QuerySet
from django.http import HttpRequest

from agentfactory_cs.registry import Registry


@dataclass(frozen=True)
class Panel:
    """A part of a thing's page that loads on its own, such as "Why this score" on a customer's page.

    `subject` is the model label the panel is about (`customers.Customer`); `context` returns what
    `template` shows, or None to leave the panel out.
    """

    key: str
    subject: str
    title: str
    template: str
    context: Callable[[HttpRequest, Any], Mapping[str, Any] | None]
    place: Literal["head", "main", "side"] = "main"
    order: int = 100
    permission: str | None = None


@dataclass(frozen=True)
class Column:
    """A column that an app adds to the list of another app's things.

    `prepare` annotates the list's queryset (a fixed number of queries for any page; `now` is passed);
    `ordering` names the expression the column sorts by; `render` returns text or safe HTML.
    """

    key: str
    subject: str
    title: str
    prepare: Callable[[QuerySet[Any], datetime], QuerySet[Any]]
    render: Callable[[Any], str]
    ordering: str | None = None
    order: int = 100


@dataclass(frozen=True)
class Filter:
    """A filter that an app adds to the list of another app's things."""

    key: str
    subject: str
    filter: type[ListFilter]
    order: int = 100


@dataclass(frozen=True)
class BulkAction:
    """An action on chosen things of another app's list: `run(request, queryset) -> message`."""

    key: str
    subject: str
    title: str
    run: Callable[[HttpRequest, QuerySet[Any]], str]
    permission: str
    order: int = 100


@dataclass(frozen=True)
class DefaultOrder:
    """How a list is sorted before anybody clicks, and the words that say so ("worst score first")."""

    key: str
    subject: str
    words: str
    ordering: Sequence[Any]
    order: int = 100


@dataclass(frozen=True)
class Scope:
    """What a dashboard or KPI is asked about: a period (both days included) and the filters in the address."""

    since: date
    until: date
    now: datetime
    filters: Mapping[str, str] = field(default_factory=dict)

    def before(self) -> "Scope":
        """The period of the same length just before this one."""
        until = self.since - timedelta(days=1)
        return Scope(until - (self.until - self.since), until, self.now, self.filters)


@dataclass(frozen=True)
class Card:
    """A card of the dashboard. `width` is in twelfths of a row; None from `context` leaves the card out."""

    key: str
    title: str
    template: str
    context: Callable[[HttpRequest, Scope], Mapping[str, Any] | None]
    width: int = 6
    order: int = 100
    permission: str | None = None


@dataclass(frozen=True)
class Kpi:
    """A key figure. `value` returns the figure over a scope, or None where there is nothing to measure.

    `better` says which way is good; `decimals` how it is shown; `link` gives the list behind the number.
    """

    key: str
    label: str
    definition: str
    unit: str
    value: Callable[[Scope], float | None]
    better: Literal["higher", "lower"] = "higher"
    decimals: int = 1
    link: Callable[[Scope], str] | None = None
    order: int = 100


panels: Registry[Panel] = Registry("panel")
columns: Registry[Column] = Registry("column")
filters: Registry[Filter] = Registry("filter")
bulk_actions: Registry[BulkAction] = Registry("bulk action")
default_orders: Registry[DefaultOrder] = Registry("default order")
cards: Registry[Card] = Registry("card")
kpis: Registry[Kpi] = Registry("KPI")
