"""The rules by which alerts are raised."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.saving import ServiceAdmin

from ..alerts import save_rule
from ..models import AlertRule


@admin.register(AlertRule)
class AlertRuleAdmin(ServiceAdmin):
    """One a kind, shipped; none is added or removed, but each can be switched off."""

    service = staticmethod(save_rule)
    list_display = ("kind", "is_active", "threshold", "days", "recovery")
    readonly_fields = ("kind",)
    fieldsets = (
        (
            None,
            {
                "fields": ("kind", "is_active", ("threshold", "days", "recovery")),
                "description": _(
                    "At risk and healthy are the bands of the scorecard. A change holds from the next scored day on;"
                    " alerts that are open stay open until their customer has recovered."
                ),
            },
        ),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
