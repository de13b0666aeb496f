"""What a list shows, as a CSV that is sent while it is read: a fixed number of queries for each thousand lines."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .lists import FilledChangeList, FilledListAdmin, ListLink
from .registry import Column
from .spreadsheets import as_text

CHUNK = 1_000


class CsvExport(FilledListAdmin):
    """With a link to everything that the chosen tab, filters and search leave, whatever page one is on."""

    def get_urls(self) -> list[Any]:
        export = path("export/", self.admin_site.admin_view(self.export_view), name=self._name_of_export())
        return [export, *super().get_urls()]

    def _name_of_export(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_export"

    def links(self, request: HttpRequest, changelist: FilledChangeList) -> Sequence[ListLink]:
        address = reverse(f"admin:{self._name_of_export()}") + changelist.get_query_string(remove=["p", "o"])
        return [*super().links(request, changelist), ListLink(_("Export"), "download", address)]

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            changelist = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"))
        now = timezone.now()
        lines = lines_of(changelist.queryset, self.columns(), now)
        name = f"{self.opts.model_name}s-{timezone.localdate(now):%Y-%m-%d}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def lines_of(things: QuerySet[Any], columns: Sequence[Column], now: datetime) -> Iterator[str]:
    """The head, and a line a thing in the order of primary keys: what comes or goes meanwhile shifts nothing."""
    shown = [column for column in columns if column.cells]
    # Read now, in the viewer's language; the lines are read when the page is long done.
    heads = [as_text(head) for column in shown for head, _cell in column.cells]
    return _lines(heads, things, shown, now)


def _lines(heads: Iterable[Any], things: QuerySet[Any], columns: Sequence[Column], now: datetime) -> Iterator[str]:
    writer = csv.writer(_Echo())
    # The mark by which a spreadsheet knows UTF-8.
    yield "\ufeff" + writer.writerow(heads)
    last = 0
    while found := list(things.order_by("pk").filter(pk__gt=last)[:CHUNK]):
        loaded = [(column, column.load(found, now)) for column in columns]
        for thing in found:
            values = ((column, values.get(thing.pk)) for column, values in loaded)
            yield writer.writerow([as_text(cell(value)) for column, value in values for _head, cell in column.cells])
        last = found[-1].pk
