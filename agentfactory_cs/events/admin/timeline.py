"""The timeline of all customers, to read."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from agentfactory_cs.console.saving import ReadOnlyAdmin
from agentfactory_cs.console.templatetags.console import when

from ..filters import KindOfEvent
from ..models import Event
from ..queries import line_of


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("happened", "customer", "what", "by_label")
    list_filter = (KindOfEvent,)
    list_select_related = ("customer",)
    search_fields = ("customer__name",)
    search_help_text = _("Customer")
    # The primary key serves this order; events are recorded as they happen.
    ordering = ("-id",)
    fields = ("happened_at", "recorded_at", "customer", "what", "trigger", "data", "by_label")
    readonly_fields = ("what",)

    @display(description=_("When"), ordering="happened_at")
    def happened(self, event: Event) -> str:
        return when(event.happened_at)

    @display(description=_("What happened"))
    def what(self, event: Event) -> str:
        return line_of(event).sentence
