"""Canned replies: answers that are given often."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RelatedDropdownFilter

from agentfactory_cs.console.lists import FilledListAdmin
from agentfactory_cs.console.saving import ServiceAdmin
from agentfactory_cs.messaging.catalogue import groups

from ..knowledge.suggesting import save_reply
from ..models import CannedReply

# What a canned reply may say: the groups that are filled for every customer, and the ticket's own.
_OFFERED = ("contact", "customer", "success_manager", "company", "links", "progress", "ticket", "agent")


@admin.register(CannedReply)
class CannedReplyAdmin(FilledListAdmin, ServiceAdmin):
    """Its variables are checked when it is saved, so that nothing is missing when it is needed."""

    service = staticmethod(save_reply)
    list_display = ("name", "language", "area", "used", "is_active")
    list_filter = ("language", ("area", RelatedDropdownFilter), "is_active")
    list_select_related = ("area",)
    search_fields = ("name", "text")
    search_help_text = _("Name or words")
    ordering = ("-used", "name")
    empty_words = _("Write the answers here that are given again and again; they are offered while answering a ticket.")
    change_form_outer_after_template = "admin/support/cannedreply/variables.html"
    fieldsets = (
        (
            None,
            {
                "fields": (("name", "language"), "area", "text", "is_active"),
                "description": _(
                    "A name may be there once in each language: the customer's own is offered, else the company's, "
                    "else English."
                ),
            },
        ),
    )

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        offered = [group for group in groups if group.name in _OFFERED]
        return super().changeform_view(request, object_id, form_url, {"groups": offered, **(extra_context or {})})
