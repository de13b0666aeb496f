"""Tickets: the queues, and the page of one."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.registry import DefaultOrder, OrderedPart, default_orders
from agentfactory_cs.console.saving import ReadOnlyAdmin

from ..models import Ticket
from ..queues import DUE_FIRST, home_of, queue_of
from ..searching import search
from .bulk_acts import BulkActs
from .queue_filters import FILTERS
from .ticket_page import TicketPage

SUBJECT = "support.Ticket"
_UNSOLVED = Q(status__in=Ticket.UNSOLVED)

default_orders.register(
    DefaultOrder(
        "support.tickets",
        SUBJECT,
        _("unsolved ones first, what is due first on top; then the newest"),
        lambda: [OrderedPart(_UNSOLVED, DUE_FIRST), OrderedPart(~_UNSOLVED, ("-pk",))],
    )
)


@admin.register(Ticket)
class TicketAdmin(BulkActs, TicketPage, ReadOnlyAdmin):
    list_filter = FILTERS
    list_select_related = ("customer", "team", "assignee")
    list_before_template = "admin/support/list_head.html"
    search_fields = ("subject",)
    search_help_text = _("Number, subject, customer, or who asked")
    actions = ("take", "give", "to_team", "set_status", "tag", "merge_into")
    empty_words = _("Nothing here. Tickets come in by mail, over REST, from the help page, and by hand.")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("support.add_ticket")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return search(queryset, search_term), False  # type: ignore[arg-type]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The queue somebody last looked at is the one whose next ticket a ticket's page leads to."""
        queue = queue_of(request.GET.get("queue"))
        chosen = queue.key if queue else home_of(request.user)
        if request.session.get("support_queue") != chosen:
            request.session["support_queue"] = chosen
        return super().changelist_view(request, extra_context)
