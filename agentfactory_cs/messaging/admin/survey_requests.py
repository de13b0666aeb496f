"""Surveys put to people: who was asked, who was not and why, what they answered; asking and cancelling by hand."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.decorators import display

from agentfactory_cs.console.lists import TabFilter
from agentfactory_cs.console.saving import ReadOnlyAdmin
from agentfactory_cs.console.templatetags.console import when
from agentfactory_cs.customers.admin.belonging import overview_of
from agentfactory_cs.customers.models import Customer

from ..asking import ask_survey, cancel_request
from ..models import SurveyRequest
from ..scales import mood, scale
from ..tasks import ring_for_mail

State = SurveyRequest.State

COLOURS = {
    State.OPEN: "info",
    State.ANSWERED: "success",
    State.EXPIRED: "default",
    State.CANCELLED: "default",
    State.NOT_ASKED: "warning",
}


class WhichRequests(TabFilter):
    title = _("which")
    parameter_name = "which"
    own_order: Mapping[str, Sequence[str]] = {}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("open", _("Waiting")),
            ("answered", _("Answered")),
            ("expired", _("Not answered")),
            ("not_asked", _("Not asked")),
            ("all", _("All")),
        ]

    def value(self) -> str:
        chosen = super().value()
        return str(chosen) if chosen in ("open", "answered", "expired", "not_asked") else "all"

    def queryset(self, request: HttpRequest, queryset: QuerySet[SurveyRequest]) -> QuerySet[SurveyRequest]:
        return queryset if self.value() == "all" else queryset.filter(state=self.value())


@admin.register(SurveyRequest)
class SurveyRequestAdmin(ReadOnlyAdmin):
    list_display = ("who", "what", "show_state", "why", "asked")
    list_filter = (WhichRequests, ("survey", RelatedDropdownFilter))
    list_select_related = ("customer", "contact", "survey", "response")
    search_fields = ("customer__name",)
    search_help_text = _("Customer")
    # The primary key serves this order; people are asked as time passes.
    ordering = ("-id",)
    empty_words = _("People are asked by playbooks, by REST, and from a customer's page.")

    @display(description=_("Customer"))
    def who(self, asked: SurveyRequest) -> str:
        return format_html(
            '<span class="af-two"><span class="af-name">{}</span><span class="af-quiet">{}</span></span>',
            asked.customer.name,
            asked.contact.name if asked.contact else "",
        )

    @display(description=_("Survey"))
    def what(self, asked: SurveyRequest) -> str:
        return format_html(
            '<span class="af-two"><span>{}</span><span class="af-quiet">{}</span></span>',
            asked.survey.name,
            asked.about,
        )

    @display(description=_("State"), ordering="state", label=COLOURS)
    def show_state(self, asked: SurveyRequest) -> tuple[str, str]:
        return asked.state, asked.get_state_display()

    @display(description=_("Answer, or why not"))
    def why(self, asked: SurveyRequest) -> str:
        said = asked.response
        if said is None:
            return format_html('<span class="af-why">{}</span>', asked.reason)
        words = _("%(score)s of %(last)s") % {"score": said.score, "last": scale(said.kind)[-1]}
        return format_html(
            '<span class="af-two"><b class="af-{}">{}</b><span class="af-why af-quiet">{}</span></span>',
            mood(said.kind, said.score),
            words,
            said.comment,
        )

    @display(description=_("Asked"), ordering="id")
    def asked(self, asked: SurveyRequest) -> str:
        return when(asked.asked_at)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("ask/<int:customer>/", view(require_POST(self.ask)), name="messaging_surveyrequest_ask"),
            path("<int:pk>/cancel/", view(require_POST(self.cancel)), name="messaging_surveyrequest_cancel"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What became of asking one person."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        related = ("customer", "contact", "survey", "response", "mail__template", "reminder__template", "asked_by")
        requests = SurveyRequest.objects.select_related(*related)
        asked = get_object_or_404(requests, pk=object_id if object_id.isdecimal() else 0)
        said = asked.response
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"{asked.survey} · {asked.customer}",
            "original": asked,
            "asked": asked,
            "colour": COLOURS[State(asked.state)],
            "mood": mood(said.kind, said.score) if said else "",
            "last": scale(asked.survey.kind)[-1],
            "may_cancel": asked.state == State.OPEN and request.user.has_perm("messaging.change_surveyrequest"),
        }
        return TemplateResponse(request, "admin/messaging/surveyrequest/detail.html", context)

    def ask(self, request: HttpRequest, customer: int) -> HttpResponse:
        """Ask somebody by hand; says why not."""
        if not request.user.has_perm("messaging.add_surveyrequest"):
            raise PermissionDenied
        whom = get_object_or_404(Customer, pk=customer)
        chosen = request.POST.get("contact", "")
        contact = get_object_or_404(whom.contacts, pk=chosen) if chosen.isdecimal() else None
        kind, about = request.POST.get("kind", ""), request.POST.get("about", "")
        try:
            asked = ask_survey(
                customer=whom, contact=contact, kind=kind, about=about, by=request.user, now=timezone.now()
            )
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
        else:
            _say(request, asked)
        return redirect(overview_of(customer))

    def cancel(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not request.user.has_perm("messaging.change_surveyrequest"):
            raise PermissionDenied
        asked, reason = get_object_or_404(SurveyRequest, pk=pk), request.POST.get("reason", "")
        try:
            cancel_request(asked, reason=reason, by=request.user, now=timezone.now())
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
        else:
            messages.success(request, _now("No answer is waited for any more."))
        return redirect(reverse("admin:messaging_surveyrequest_change", args=(pk,)))


def _say(request: HttpRequest, asked: SurveyRequest) -> None:
    if asked.state == State.NOT_ASKED:
        messages.warning(request, _now("Not asked: %(reason)s") % {"reason": asked.reason})
        return
    ring_for_mail()
    told = {"who": asked.contact.name if asked.contact else "", "survey": asked.survey.name}
    messages.success(request, _now("%(who)s is asked: %(survey)s. The mail goes out within seconds.") % told)
