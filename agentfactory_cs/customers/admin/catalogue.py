"""Tags and the platform's feature catalogue."""

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from agentfactory_cs.console.saving import ServiceAdmin

from ..models import Feature, Tag
from ..services import save_feature


@admin.register(Tag)
class TagAdmin(ModelAdmin):
    list_display = ("name", "on_customers")
    search_fields = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tag]:
        return super().get_queryset(request).annotate(on_customers=Count("customers"))

    @display(description=_("Customers"), ordering="on_customers")
    def on_customers(self, tag: Tag) -> int:
        return tag.on_customers  # type: ignore[attr-defined]


@admin.register(Feature)
class FeatureAdmin(ServiceAdmin):
    """Features are retired, not deleted: past days are judged by the catalogue of their time."""

    service = staticmethod(save_feature)
    list_display = ("name", "tier", "introduced_on", "retired_on")
    list_filter = (("tier", ChoicesDropdownFilter),)
    list_filter_submit = True
    search_fields = ("name",)
    fieldsets = (
        (None, {"fields": ("name", "tier")}),
        (
            _("Dates"),
            {
                "fields": (("introduced_on", "retired_on"),),
                "description": _(
                    "The adoption rate of a day counts the features that the customer's tier had on that day. "
                    "Enter the first day without a feature instead of deleting it."
                ),
            },
        ),
    )

    def has_delete_permission(self, request: HttpRequest, obj: Feature | None = None) -> bool:
        return False
