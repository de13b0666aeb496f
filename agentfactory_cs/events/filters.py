"""Choosing among kinds of event."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin.dropdown_filters import DropdownFilter

from .models import Event
from .registry import triggers


class KindOfEvent(DropdownFilter):
    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return sorted(((trigger.key, trigger.label) for trigger in triggers), key=lambda choice: choice[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        return queryset.filter(trigger=self.value()) if self.value() else queryset
