"""What the list of tickets is chosen by: its queue as tabs, and what a ticket says of itself."""

from collections.abc import Iterator
from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import TextFilter
from unfold.contrib.filters.admin.dropdown_filters import DropdownFilter

from agentfactory_cs.console.counting import capped_words
from agentfactory_cs.console.lists import TabFilter
from agentfactory_cs.console.registry import Words

from ..models import Area, Team, Ticket
from ..queues import QUEUES, counts, home_of, queue_of

# Whose language has no name here is found by its code in the address.
LANGUAGES = (
    ("en", _("English")),
    ("de", _("German")),
    ("fr", _("French")),
    ("es", _("Spanish")),
    ("pt", _("Portuguese")),
    ("it", _("Italian")),
    ("nl", _("Dutch")),
    ("pl", _("Polish")),
    ("ja", _("Japanese")),
    ("zh", _("Chinese")),
)


class QueueFilter(TabFilter):
    """The queues, each with how many are in it; one's own first, for whoever answers tickets."""

    title = _("queue")
    parameter_name = "queue"
    own_order = {queue.key: queue.ordering for queue in QUEUES if queue.ordering}

    def __init__(self, request: HttpRequest, *args: Any) -> None:
        self.user, self.now = request.user, timezone.now()
        super().__init__(request, *args)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(queue.key, queue.title) for queue in QUEUES]

    def value(self) -> str:
        chosen = queue_of(super().value())
        if chosen:
            return chosen.key
        if not hasattr(self, "_home"):
            self._home = home_of(self.user)
        return self._home

    def words(self) -> Words:
        queue = queue_of(self.value())
        return queue.words if queue else ""

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        waiting = counts(self.user, self.now)
        for queue, choice in zip(QUEUES, super().choices(changelist), strict=True):
            number = waiting.get(queue.key)
            yield {**choice, "count": capped_words(number) if number else ""}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        queue = queue_of(self.value())
        return queue.of(queryset, self.user, self.now) if queue else queryset  # type: ignore[arg-type]


class TeamFilter(DropdownFilter):
    title = _("team")
    parameter_name = "team"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("none", _("no team")), *((str(pk), name) for pk, name in Team.objects.values_list("pk", "name"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value() or ""
        if chosen == "none":
            return queryset.filter(team=None)
        return queryset.filter(team=int(chosen)) if chosen.isdecimal() else queryset


class AreaFilter(DropdownFilter):
    title = _("area")
    parameter_name = "area"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(Area.objects.values_list("key", "name"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(area__key=self.value()) if self.value() else queryset


class SeverityFilter(DropdownFilter):
    title = _("severity")
    parameter_name = "severity"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(Ticket.Severity.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(severity=self.value()) if self.value() else queryset


class StatusFilter(DropdownFilter):
    title = _("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(Ticket.Status.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(status=self.value()) if self.value() else queryset


class LanguageFilter(DropdownFilter):
    title = _("language")
    parameter_name = "language"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(LANGUAGES)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(language=self.value()) if self.value() else queryset


class TagFilter(TextFilter):
    """A tag in full: which there are is in a million rows, and asked of none of them."""

    title = _("tag")
    parameter_name = "tag"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        tag = (self.value() or "").strip()
        return queryset.filter(tags__contains=[tag]) if tag else queryset


FILTERS = (QueueFilter, TeamFilter, AreaFilter, SeverityFilter, StatusFilter, LanguageFilter, TagFilter)
