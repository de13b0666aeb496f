"""What the apps fill the console with, offered in their `console.py` and `kpis.py`.

The frame knows no customer: a panel, column or card gets the object or queryset it is asked about and
returns what to show.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal

from django.contrib.admin.filters import ListFilter
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise

from agentfactory_cs.registry import Registry

# Words for people: plain, or translated when they are shown.
Words = str | Promise


@dataclass(frozen=True)
class Entry:
    """A line of the sidebar: the page is `admin:<view>`, shown to those who have `permission`.

    `section` groups lines under a heading; the empty section stands first and has none. `waiting` returns the things
    that wait there for the viewer, as a queryset: those of all lines are counted in one query, on every page, so an
    index must find them. `query` stands behind the page's address, such as "?queue=mine".
    """

    key: str
    title: Words
    icon: str
    view: str
    section: Literal["", "records", "integrations", "settings"] = ""
    order: int = 100
    permission: str | None = None
    waiting: Callable[[HttpRequest], QuerySet[Any]] | None = None
    query: str = ""


@dataclass(frozen=True)
class Panel:
    """A part of a thing's page that loads on its own, such as "Why this score" on a customer's page.

    `subject` is the model label the panel is about (`customers.Customer`); `context` returns what
    `template` shows, or None to leave the panel out.
    """

    key: str
    subject: str
    title: Words
    template: str
    context: Callable[[HttpRequest, Any], Mapping[str, Any] | None]
    place: Literal["head", "main", "side"] = "main"
    order: int = 100
    permission: str | None = None


@dataclass(frozen=True)
class Column:
    """A column of a list of things, filled by the app that knows it.

    `load` returns what the column shows of the things on one page, by primary key, in a fixed number of
    queries: it runs after paging, so that a list of 100 000 costs what 50 cost. `render` turns one value
    (None where `load` had none) into text or safe HTML. `prepare` may add aliases to the whole list that
    `ordering` and the app's filters name; they must cost nothing while nobody names them. A `sparse` ordering
    is NULL for some things: those come last either way, and an index can serve the others. `cells` are what an
    export has of it: headings, each with what stands under it for a value; None leaves the cell empty.
    """

    key: str
    subject: str
    title: Words
    load: Callable[[Sequence[Any], datetime], Mapping[Any, Any]]
    render: Callable[[Any], str]
    prepare: Callable[[QuerySet[Any], datetime], QuerySet[Any]] | None = None
    ordering: str | None = None
    sparse: bool = False
    order: int = 100
    cells: Sequence[tuple[Words, Callable[[Any], Any]]] = ()


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
    title: Words
    run: Callable[[HttpRequest, QuerySet[Any]], str]
    permission: str
    order: int = 100


@dataclass(frozen=True)
class OrderedPart:
    """One piece of a list in its default order: the things that fit `condition`, sorted by `ordering`."""

    condition: Q
    ordering: Sequence[Any]


@dataclass(frozen=True)
class DefaultOrder:
    """How a list is sorted before anybody clicks, and the words that say so ("worst score first").

    The first registered for a subject holds. `parts` returns filters that cut the list into pieces shown one
    after another: sorting by a value that only some things have is then an index scan over those, instead
    of a sort over all. Each piece is sorted by its own `ordering`.
    """

    key: str
    subject: str
    words: Words
    parts: Callable[[], Sequence[OrderedPart]]
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
class ScopeFilter:
    """A choice above the dashboard, kept in the address as `name` and handed on in `Scope.filters`."""

    key: str
    name: str
    label: Words
    choices: Callable[[HttpRequest], Sequence[tuple[str, Words]]]
    order: int = 100


@dataclass(frozen=True)
class Card:
    """A card of the dashboard. `width` is in twelfths of a row; None from `context` leaves the card out.

    One that is not `announced` is a warning, seldom there: it stands on top, and no place is kept for it.
    """

    key: str
    title: Words
    template: str
    context: Callable[[HttpRequest, Scope], Mapping[str, Any] | None]
    width: int = 6
    order: int = 100
    permission: str | None = None
    announced: bool = True


@dataclass(frozen=True)
class Kpi:
    """A key figure. `value` returns the figure over a scope, or None where there is nothing to measure.

    `better` says which way is good; `decimals` how it is shown; `link` gives the list behind the number. One that
    `is_detail` is left out of the dashboard: it stands where people look closer, as in the weekly report.
    """

    key: str
    label: Words
    definition: Words
    unit: Words
    value: Callable[[Scope], float | None]
    better: Literal["higher", "lower"] = "higher"
    decimals: int = 1
    link: Callable[[Scope], str] | None = None
    order: int = 100
    permission: str | None = None
    is_detail: bool = False


entries: Registry[Entry] = Registry("sidebar entry")
panels: Registry[Panel] = Registry("panel")
columns: Registry[Column] = Registry("column")
filters: Registry[Filter] = Registry("filter")
bulk_actions: Registry[BulkAction] = Registry("bulk action")
default_orders: Registry[DefaultOrder] = Registry("default order")
scope_filters: Registry[ScopeFilter] = Registry("dashboard filter")
cards: Registry[Card] = Registry("card")
kpis: Registry[Kpi] = Registry("KPI")
