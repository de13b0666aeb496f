"""Lists that the apps fill: columns, filters, actions and an order from the registries."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.admin import SimpleListFilter
from django.contrib.admin.filters import ChoicesFieldListFilter, ListFilter
from django.contrib.admin.views.main import ORDER_VAR, ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.text import capfirst
from unfold.admin import ModelAdmin

from .paging import CappedPaginator, rows_of_parts
from .parts import allowed
from .registry import BulkAction, Column, DefaultOrder, Words, bulk_actions, columns, default_orders, filters

if TYPE_CHECKING:
    from django.contrib.admin.filters import _ListFilterChoices


class TabFilter(SimpleListFilter):
    """A filter shown as tabs above the list instead of among the others.

    `own_order` names the tabs that are sorted in a way of their own instead of the list's default order.
    """

    template = "admin/parts/nothing.html"
    own_order: Mapping[str, Sequence[str]] = {}

    def words(self) -> Words:
        """What the chosen tab means, where its title does not say it."""
        return ""

    def choices(self, changelist: ChangeList) -> "Iterator[_ListFilterChoices]":
        for value, title in self.lookup_choices:
            yield {
                "selected": value == self.value(),
                "query_string": changelist.get_query_string({self.parameter_name or "": value}, ["p"]),
                "display": title,
            }


@dataclass(frozen=True)
class ListLink:
    """A link beside the tabs: something to do with what is shown."""

    title: Words
    icon: str
    address: str


@dataclass(frozen=True)
class ActiveFilter:
    """A chosen filter as the chip above the list shows it, with the address of the list without it."""

    title: Words
    value: Words
    without: str


def _active(changelist: ChangeList) -> Iterator[ActiveFilter]:
    for spec in changelist.filter_specs:
        if isinstance(spec, TabFilter):
            continue
        for parameter, raw in spec.used_parameters.items():
            value = raw[0] if isinstance(raw, list) else raw
            if value in ("", None):
                continue
            without = changelist.get_query_string(remove=[parameter])
            yield ActiveFilter(spec.title or parameter, _words_of(spec, str(value)), without)


def _words_of(spec: ListFilter, value: str) -> Words:
    choices: Sequence[tuple[Any, Words]] = getattr(spec, "lookup_choices", ())
    if isinstance(spec, ChoicesFieldListFilter):
        choices = spec.field.flatchoices
    return {str(key): label for key, label in choices}.get(value, value)


class FilledChangeList(ChangeList):
    """One page of a list: a fixed number of queries, whatever the list's length."""

    queryset: QuerySet[Any]
    model_admin: "FilledListAdmin"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.is_popup:
            self.title = capfirst(str(self.opts.verbose_name_plural))

    def get_results(self, request: HttpRequest) -> None:
        paginator = self.model_admin.get_paginator(request, self.queryset, self.list_per_page)
        assert isinstance(paginator, CappedPaginator)
        self.paginator = paginator
        self.page_num = min(max(self.page_num, 1), paginator.num_pages)
        self.result_count = self.full_result_count = paginator.count
        self.show_full_result_count = self.show_admin_actions = True
        self.can_show_all, self.multi_page = False, paginator.num_pages > 1
        parts, self.words = self._parts()
        self.result_list = rows_of_parts(parts, (self.page_num - 1) * self.list_per_page, self.list_per_page)
        self._load_columns()
        self.active_filters = list(_active(self))
        tabs = [spec for spec in self.filter_specs if isinstance(spec, TabFilter)]
        self.tabs = [choice for spec in tabs for choice in spec.choices(self)]
        self.tab_words = [words for spec in tabs if (words := spec.words())]
        self.links = self.model_admin.links(request, self)

    def _parts(self) -> tuple[list[QuerySet[Any]], Words]:
        """The list's pieces in order, and the words for that order where it is the shipped one."""
        if ORDER_VAR in self.params:
            return self._parts_as_clicked(), ""
        if own := self._order_of_tab():
            return [self.queryset.order_by(*own)], ""
        order = self.model_admin.default_order()
        if order is None:
            return [self.queryset], ""
        return [self.queryset.filter(part.condition).order_by(*part.ordering) for part in order.parts()], order.words

    def _order_of_tab(self) -> Sequence[str]:
        tabs = [spec for spec in self.filter_specs if isinstance(spec, TabFilter)]
        return next((order for tab in tabs if (order := tab.own_order.get(str(tab.value())))), ())

    def _parts_as_clicked(self) -> list[QuerySet[Any]]:
        first = str(next(iter(self.queryset.query.order_by), "")).removeprefix("-")
        if not any(column.sparse and column.ordering == first for column in self.model_admin.columns()):
            return [self.queryset]
        return [self.queryset.filter(**{f"{first}__isnull": missing}) for missing in (False, True)]

    def _load_columns(self) -> None:
        now, pks = timezone.now(), [thing.pk for thing in self.result_list]
        loaded = {column.key: column.load(self.result_list, now) for column in self.model_admin.columns()}
        for thing, pk in zip(self.result_list, pks, strict=True):
            thing.loaded = {key: values.get(pk) for key, values in loaded.items()}

    def url_for_result(self, result: Any) -> str:
        return self.model_admin.page_of(result) or super().url_for_result(result)


def _cell(column: Column) -> Callable[[Any], str]:
    """What the admin calls for one cell, with the attributes it looks for on a column."""

    def show(thing: Any) -> str:
        return column.render(thing.loaded[column.key])

    show.__name__ = column.key.replace(".", "_")
    show.short_description = column.title  # type: ignore[attr-defined]
    show.admin_order_field = column.ordering  # type: ignore[attr-defined]
    return show


def _action(item: BulkAction) -> Callable[[ModelAdmin, HttpRequest, QuerySet[Any]], None]:
    def run(_admin: ModelAdmin, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        messages.success(request, item.run(request, queryset))

    run.__name__ = item.key.replace(".", "_")
    return run


class FilledListAdmin(ModelAdmin):
    """A ModelAdmin whose list is filled through the registries of the frame.

    Where no app registers a column for its model, it shows its own `list_display`.
    """

    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50
    list_fullwidth = True
    list_filter_submit = True
    list_before_template = "admin/parts/list_head.html"
    # What will fill an empty list, in a sentence.
    empty_words: Words = ""

    def columns(self) -> list[Column]:
        return [column for column in columns if column.subject == self.opts.label]

    def default_order(self) -> DefaultOrder | None:
        return next((order for order in default_orders if order.subject == self.opts.label), None)

    def links(self, request: HttpRequest, changelist: FilledChangeList) -> Sequence[ListLink]:
        """What stands beside the list's tabs."""
        return ()

    def page_of(self, thing: Any) -> str | None:
        """The address a row opens; None for the form."""
        return None

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return FilledChangeList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        queryset, now = super().get_queryset(request), timezone.now()
        for column in self.columns():
            if column.prepare:
                queryset = column.prepare(queryset, now)
        return queryset

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return [_cell(column) for column in self.columns()] or list(super().get_list_display(request))

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        offered = [item.filter for item in filters if item.subject == self.opts.label]
        return [*super().get_list_filter(request), *offered]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        for item in bulk_actions:
            if item.subject == self.opts.label and allowed(request.user, item.permission):
                run = _action(item)
                actions[run.__name__] = (run, run.__name__, item.title)
        return actions
