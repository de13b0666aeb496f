"""Automatic answers: on or off, from which confidence on, and how right they were."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.saving import ReadOnlyAdmin, ServiceAdmin
from agentfactory_cs.console.templatetags.console import when

from ..knowledge.measuring import ENOUGH, precision
from ..knowledge.settings import save_settings
from ..models import AnsweringSettings, AutomaticAnswer

PERIOD = timedelta(days=90)


@admin.register(AnsweringSettings)
class AnsweringSettingsAdmin(ServiceAdmin):
    """One page: the settings, and under them what other thresholds would have done with past tickets."""

    service = staticmethod(save_settings)
    change_form_outer_after_template = "admin/support/answeringsettings/precision.html"
    fields = ("is_on", "threshold_percent", "drafts_a_day")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        stored = AnsweringSettings.get()
        return HttpResponseRedirect(reverse("admin:support_answeringsettings_change", args=(stored.pk,)))

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        now = timezone.now()
        shown = {
            "title": _("Automatic answers"),
            "precisions": precision(now - PERIOD, now),
            "threshold": AnsweringSettings.get().threshold_percent,
            "days": PERIOD.days,
            "enough": ENOUGH,
            "show_save_and_continue": False,
            **(extra_context or {}),
        }
        return super().changeform_view(request, object_id, form_url, shown)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(AutomaticAnswer)
class AutomaticAnswerAdmin(ReadOnlyAdmin):
    """What was decided for each ticket, and why: the list behind the figures."""

    list_display = ("ticket", "state", "confidence", "because", "said", "decided")
    list_filter = ("state", "solved")
    list_select_related = ("ticket",)
    fields = (
        "ticket",
        "state",
        "because",
        "confidence_percent",
        "threshold_percent",
        "solved",
        "decided_at",
        "said_at",
    )
    ordering = ("-id",)
    empty_words = _("Every ticket that comes in is decided on: answered, acknowledged, or not, with the reason.")

    @admin.display(description=_("Best article"), ordering="confidence_percent")
    def confidence(self, answer: AutomaticAnswer) -> str:
        return "–" if answer.confidence_percent is None else f"{answer.confidence_percent} %"

    @admin.display(description=_("Customer said"), ordering="solved")
    def said(self, answer: AutomaticAnswer) -> Any:
        return {None: "–", True: _("solved"), False: _("not solved")}[answer.solved]

    @admin.display(description=_("Decided"), ordering="decided_at")
    def decided(self, answer: AutomaticAnswer) -> str:
        return when(answer.decided_at)
