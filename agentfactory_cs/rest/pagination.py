"""Pages by cursor: the page after a row costs the same at any depth, and rows added meanwhile shift nothing."""

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import F, Field, Model, Q, QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

if TYPE_CHECKING:  # REST framework's views import this module by settings
    from rest_framework.views import APIView

PAGE_SIZE = 50
MAX_PAGE_SIZE = 500


@dataclass(frozen=True)
class Order:
    """How a list is sorted: by one column, then by one that is unique. Rows without a value come last."""

    name: str
    unique: str
    model: type[Model]

    @property
    def column(self) -> str:
        return self.name.removeprefix("-")

    def field(self, column: str) -> "Field[Any, Any]":
        return self.model._meta.get_field(column)  # type: ignore[return-value]

    def sorted(self, queryset: QuerySet[Any], *, backward: bool) -> QuerySet[Any]:
        keys = [self.unique] if self.column == self.unique else [self.column, self.unique]
        rising = self._rising(backward)
        return queryset.order_by(*(self._sort_key(key, rising, backward) for key in keys))

    def _rising(self, backward: bool) -> bool:
        return self.name.startswith("-") == backward

    def _sort_key(self, column: str, rising: bool, backward: bool) -> Any:
        if not self.field(column).null:  # spelt plainly, so that a plain index serves it
            return column if rising else f"-{column}"
        nulls: dict[str, Any] = {"nulls_first": True} if backward else {"nulls_last": True}
        return F(column).asc(**nulls) if rising else F(column).desc(**nulls)

    def beyond(self, value: Any, unique: Any, *, backward: bool) -> Q:
        """The rows after one row, in the direction of reading."""
        way = "gt" if self._rising(backward) else "lt"
        later = Q(**{f"{self.unique}__{way}": unique})
        if self.column == self.unique:
            return later
        missing = Q(**{f"{self.column}__isnull": True})
        if value is None:
            return (missing & later) | ~missing if backward else missing & later
        # Said twice (>= and >), because PostgreSQL can walk an index by the first alone.
        rows = Q(**{f"{self.column}__{way}e": value}) & (Q(**{f"{self.column}__{way}": value}) | later)
        return rows | missing if self.field(self.column).null and not backward else rows


@dataclass(frozen=True)
class Cursor:
    """A place in a list: the row it stands at, and whether one reads backward from there."""

    order: str
    backward: bool
    value: Any
    unique: Any

    def encoded(self) -> str:
        place = [self.order, self.backward, _text(self.value), _text(self.unique)]
        return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")

    @classmethod
    def decoded(cls, text: str, order: Order) -> "Cursor":
        try:
            name, backward, value, unique = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            value = order.field(order.column).to_python(value)
            unique = order.field(order.unique).to_python(unique)
        except (ValueError, TypeError, DjangoValidationError, OverflowError):
            raise ValidationError({"cursor": "This is not a cursor of ours."}) from None
        if name != order.name or unique is None:
            raise ValidationError({"cursor": "This cursor belongs to another ordering."})
        return cls(name, bool(backward), value, unique)


def _text(value: Any) -> Any:
    return value if value is None or isinstance(value, int) else str(value)


class KeysetPagination(BasePagination):
    """Pages for every list: `cursor`, `page_size`, `ordering`.

    A view lists what it may be sorted by in `ordering_fields` (the first is the default; none means `id`) and,
    where its model has no `id`, the column that is unique in `unique_field`.
    """

    query_names = ("cursor", "page_size", "ordering")

    def paginate_queryset(self, queryset: Any, request: Request, view: "APIView | None" = None) -> list[Any]:
        self.request = request
        self.order = asked_order(request, view, queryset.model)
        cursor = request.query_params.get("cursor")
        self.cursor = Cursor.decoded(cursor, self.order) if cursor else None
        self.backward = self.cursor is not None and self.cursor.backward
        size = asked_size(request)
        found = list(self._from_cursor(queryset)[: size + 1])
        self.has_more, self.rows = len(found) > size, found[:size]
        if self.backward:
            self.rows.reverse()
        return self.rows

    def _from_cursor(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.cursor:
            place = self.order.beyond(self.cursor.value, self.cursor.unique, backward=self.backward)
            queryset = queryset.filter(place)
        return self.order.sorted(queryset, backward=self.backward)

    def get_paginated_response(self, data: Any) -> Response:
        has_next = self.backward or self.has_more
        has_previous = self.has_more if self.backward else self.cursor is not None
        return Response(
            {
                "next": self._link(-1, backward=False) if has_next else None,
                "previous": self._link(0, backward=True) if has_previous else None,
                "results": data,
            }
        )

    def _link(self, index: int, *, backward: bool) -> str:
        url = self.request.build_absolute_uri()
        if not self.rows:  # past the end: start again from the other side
            return remove_query_param(url, "cursor")
        row = self.rows[index]
        value, unique = getattr(row, self.order.column), getattr(row, self.order.unique)
        return replace_query_param(url, "cursor", Cursor(self.order.name, backward, value, unique).encoded())

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "next": {**link, "description": "The next page; null on the last one."},
                "previous": {**link, "description": "The page before; null on the first one."},
                "results": schema,
            },
        }

    def get_schema_operation_parameters(self, view: "APIView") -> list[dict[str, Any]]:
        orders = [order for field in ordering_fields(view) for order in (field, f"-{field}")]
        size = {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE, "default": PAGE_SIZE}
        return [
            _parameter("cursor", {"type": "string"}, "From `next` or `previous` of another page."),
            _parameter("ordering", {"type": "string", "enum": orders}, "Sorted by; `-` for falling."),
            _parameter("page_size", size, "Results on a page."),
        ]


def _parameter(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "required": False, "in": "query", "description": description, "schema": schema}


def ordering_fields(view: "APIView | None") -> tuple[str, ...]:
    return tuple(getattr(view, "ordering_fields", ())) or ("id",)


def asked_order(request: Request, view: "APIView | None", model: type[Model]) -> Order:
    known = ordering_fields(view)
    name = request.query_params.get("ordering") or known[0]
    if name.removeprefix("-") not in known:
        raise ValidationError({"ordering": f"Lists are sorted by {', '.join(known)}; a - before it reverses."})
    return Order(name, getattr(view, "unique_field", "id"), model)


def asked_size(request: Request) -> int:
    text = request.query_params.get("page_size", str(PAGE_SIZE))
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= MAX_PAGE_SIZE):
        raise ValidationError({"page_size": f"A page has 1 to {MAX_PAGE_SIZE} results."})
    return int(text)
