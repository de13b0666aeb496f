"""The scorecards scores are made with."""

import json
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display

from agentfactory_cs.console.saving import ReadOnlyAdmin

from ..models import Scorecard, ScorecardVersion


class ScorecardVersionInline(TabularInline):
    model = ScorecardVersion
    fields = ("number", "state", "published_at", "published_by", "reason")
    readonly_fields = fields
    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Scorecard)
class ScorecardAdmin(ReadOnlyAdmin):
    list_display = ("name", "tier", "priority")
    inlines = (ScorecardVersionInline,)


@admin.register(ScorecardVersion)
class ScorecardVersionAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "state", "published_at", "published_by", "reason")
    list_select_related = ("scorecard", "published_by")
    fields = ("scorecard", "number", "state", "published_at", "published_by", "reason", "show_definition")
    readonly_fields = ("show_definition",)

    @display(description=_("Weights, targets and bands"))
    def show_definition(self, version: ScorecardVersion) -> str:
        return format_html("<pre>{}</pre>", json.dumps(version.definition, indent=2))
