"""Surveys and what customers answered."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from agentfactory_cs.console.saving import ReadOnlyAdmin
from agentfactory_cs.console.templatetags.console import when

from ..models import Response, Survey


@admin.register(Survey)
class SurveyAdmin(ModelAdmin):
    """One survey a kind is shipped; its wording is the team's."""

    list_display = ("name", "kind", "question", "is_active")
    readonly_fields = ("kind",)
    fieldsets = (
        (
            None,
            {
                "fields": ("kind", "name", "question", "is_active"),
                "description": _("The question is put to customers as it stands here."),
            },
        ),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Response)
class ResponseAdmin(ReadOnlyAdmin):
    list_display = ("customer", "kind", "score", "comment", "contact", "answered")
    list_filter = (("kind", ChoicesDropdownFilter),)
    list_select_related = ("customer", "contact")
    search_fields = ("customer__name",)
    search_help_text = _("Customer")
    # The primary key serves this order; answers come in as they are given.
    ordering = ("-id",)

    @display(description=_("Answered"), ordering="answered_at")
    def answered(self, response: Response) -> str:
        return when(response.answered_at)
