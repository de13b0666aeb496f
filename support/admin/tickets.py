"""Tickets to look at, each with what happened to it and why it went where it went."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from agentfactory_cs.console.saving import HistoryInline, ReadOnlyAdmin

from ..models import Ticket, TicketChange


class ChangeInline(HistoryInline):
    model = TicketChange
    select_related = ("by", "routing_version")
    fields = ("happened_at", "kind", "words", "by", "routing_version")
    ordering = ("-id",)
    verbose_name_plural = _("What happened")


@admin.register(Ticket)
class TicketAdmin(ReadOnlyAdmin):
    list_display = ("subject", "status", "severity", "team", "assignee", "customer", "language", "created_at")
    list_filter = (("status", ChoicesDropdownFilter), ("team", RelatedDropdownFilter))
    list_select_related = ("team", "assignee", "customer")
    search_fields = ("subject",)
    inlines = (ChangeInline,)
    empty_words = _("Tickets come in by mail, over REST and from our own people.")
    fieldsets = (
        (None, {"fields": ("subject", ("status", "severity", "priority"), ("customer", "requester_address"))}),
        (
            _("Whose it is"),
            {"fields": (("team", "assignee", "assigned_by_hand"), ("area", "language", "tags"), "is_escalated")},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("team", "assignee", "customer", "area")
