"""What was sent to webhooks, with the answers, and sending it again."""

import json
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from agentfactory_cs.console.saving import ReadOnlyAdmin
from agentfactory_cs.console.templatetags.console import when

from ..models import WebhookDelivery
from ..tasks import ring_for_webhooks
from ..webhooks import services

COLOURS = {"waiting": "info", "sending": "info", "delivered": "success", "failed": "danger"}


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    list_display = ("what", "endpoint", "show_state", "show_status", "why", "moment")
    list_filter = (("state", ChoicesDropdownFilter), ("endpoint", RelatedDropdownFilter))
    list_select_related = ("endpoint",)
    search_fields = ("message_id",)
    search_help_text = _("webhook-id")
    # The primary key serves this order; messages are made as things happen.
    ordering = ("-id",)
    actions = ("send_again",)
    empty_words = _("For each event and each webhook that wants it there is a line, with what was answered.")
    fieldsets = (
        (None, {"fields": (("state", "status", "attempts", "took_ms"), "error", "answer")}),
        (_("What is posted"), {"fields": ("endpoint", ("type", "message_id"), "message")}),
        (_("When"), {"fields": (("created_at", "not_before", "delivered_at"),)}),
    )
    readonly_fields = ("message",)

    @display(description=_("Event"), ordering="id")
    def what(self, delivery: WebhookDelivery) -> str:
        words = '<span class="af-two"><span class="af-name">{}</span><span class="af-quiet">{}</span></span>'
        return format_html(words, delivery.type, delivery.message_id)

    @display(description=_("State"), ordering="state", label=COLOURS)
    def show_state(self, delivery: WebhookDelivery) -> tuple[str, str]:
        return delivery.state, delivery.get_state_display()

    @display(description=_("Answer"))
    def show_status(self, delivery: WebhookDelivery) -> str:
        if delivery.status is None:
            return "–"
        return f"{delivery.status} · {delivery.took_ms} ms"

    @display(description=_("Why"))
    def why(self, delivery: WebhookDelivery) -> str:
        return format_html('<span class="af-why">{}</span>', delivery.error[:200])

    @display(description=_("Made"), ordering="id")
    def moment(self, delivery: WebhookDelivery) -> str:
        return when(delivery.created_at)

    @display(description=_("Message"))
    def message(self, delivery: WebhookDelivery) -> str:
        shown = json.dumps(json.loads(delivery.body), indent=2, ensure_ascii=False)
        return format_html('<pre class="af-source">{}</pre>', shown)

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookDelivery]:
        return super().get_queryset(request).select_related("endpoint")

    def has_again_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("events.change_webhookdelivery")

    @admin.action(description=_("Send again"), permissions=["again"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Under the same id: who has it already may pass it over."""
        done, refused = 0, list[str]()
        for delivery in queryset:
            try:
                services.send_again(delivery, now=timezone.now())
                done += 1
            except ValidationError as refusal:
                refused += refusal.messages
        ring_for_webhooks()
        said = ngettext("%(n)s message is sent again.", "%(n)s messages are sent again.", done) % {"n": done}
        messages.success(request, " ".join([said, *dict.fromkeys(refused)]))
