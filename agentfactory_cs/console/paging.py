"""Paging through big lists: the count is capped, and a list may come in pieces one after another."""

from collections.abc import Sequence
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.formats import number_format
from django.utils.functional import cached_property


class CappedPaginator(Paginator):
    """Counts up to MOST rows and no further: "10 000+" is as much as a person can use, and the count of
    a million rows costs more than the page. What lies beyond is found by search and filters."""

    MOST = 10_000
    template_name = "admin/parts/pages.html"
    object_list: QuerySet[Any]

    @cached_property
    def _counted(self) -> int:
        # The order and what a page selects play no part in counting.
        return self.object_list.order_by().values("pk")[: self.MOST + 1].count()

    @property
    def count(self) -> int:
        return min(self._counted, self.MOST)

    @property
    def is_capped(self) -> bool:
        return self._counted > self.MOST

    @property
    def count_words(self) -> str:
        return number_format(self.count, force_grouping=True) + ("+" if self.is_capped else "")


def rows_of_parts(parts: Sequence[QuerySet[Any]], start: int, wanted: int) -> list[Any]:
    """Rows `start` to `start + wanted` of the parts laid end to end.

    A part is counted only where the page begins behind its end.
    """
    rows: list[Any] = []
    for part in parts:
        found = list(part[start : start + wanted - len(rows)])
        rows += found
        if len(rows) == wanted:
            break
        start = 0 if found or not start else start - part.count()
    return rows
