"""Account set-up: the steps of all customers, and what a person decides about one."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display

from agentfactory_cs.console.lists import TabFilter
from agentfactory_cs.console.saving import ReadOnlyAdmin
from agentfactory_cs.console.templatetags.console import when
from agentfactory_cs.customers.admin.belonging import overview_of
from playbooks.admin.verbs import Verb, do, offered

from .. import provisioning
from ..models import Onboarding, ProvisioningStep
from ..models.platform import ProvisioningState

State = ProvisioningState
COLOURS = {
    State.WAITING: "info",
    State.CALLING: "info",
    State.DONE: "success",
    State.WITH_PERSON: "warning",
    State.NOT_NEEDED: "default",
}
MAY_DECIDE = "onboarding.change_provisioningstep"


def _is_open(step: ProvisioningStep) -> bool:
    return step.state in (State.WAITING, State.WITH_PERSON)


VERBS = (
    Verb(
        "retry",
        _("Try again"),
        "refresh",
        _is_open,
        lambda step, *, reason, by, now: provisioning.try_again(step, by=by, now=now),
        MAY_DECIDE,
        _("It is tried again within seconds."),
        _("The platform is called; its open task, where it has one, is skipped."),
    ),
    Verb(
        "done",
        _("Done by hand"),
        "done",
        _is_open,
        lambda step, *, reason, by, now: provisioning.mark_done(step, because=reason, by=by, now=now),
        MAY_DECIDE,
        _("Noted as done."),
        _("You have done it on the platform yourself. Its open task, where it has one, is done with it."),
        is_primary=True,
    ),
    Verb(
        "not-needed",
        _("Not needed"),
        "block",
        _is_open,
        lambda step, *, reason, by, now: provisioning.mark_not_needed(step, because=reason, by=by, now=now),
        MAY_DECIDE,
        _("Noted: nobody is to do it."),
        _("Nobody is to do it. Its open task, where it has one, is skipped."),
        needs_reason=True,
    ),
)


def steps_of(request: HttpRequest, customer_id: int) -> list[tuple[ProvisioningStep, str, list[Verb]]]:
    """A customer's steps in order, with colour and what the viewer may do. One query."""
    steps = ProvisioningStep.objects.filter(customer=customer_id).select_related("task__owner", "settled_by")
    return [(step, COLOURS[State(step.state)], offered(VERBS, step, request)) for step in steps.order_by("position")]


class Which(TabFilter):
    """What waits for a person first."""

    title = _("which")
    parameter_name = "which"
    own_order: Mapping[str, Sequence[str]] = {}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        chosen = (State.WITH_PERSON, State.WAITING, State.DONE, State.NOT_NEEDED)
        return [*((state.value, state.label) for state in chosen), ("all", _("All"))]

    def value(self) -> str:
        chosen = super().value()
        return str(chosen) if chosen in {str(value) for value, _title in self.lookup_choices} else State.WITH_PERSON

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "all":
                return queryset
            case State.WAITING:
                return queryset.filter(state__in=(State.WAITING, State.CALLING))
        return queryset.filter(state=self.value())


@admin.register(ProvisioningStep)
class ProvisioningStepAdmin(ReadOnlyAdmin):
    list_display = ("show_customer", "kind", "show_state", "show_why", "attempts", "show_moment")
    list_filter = (Which, "kind")
    list_select_related = ("customer",)
    search_fields = ("customer__name",)
    search_help_text = _("Customer")
    ordering = ("-id",)
    empty_words = _("Each new customer gets four steps: account, default configuration, initial agent, knowledge base.")

    @display(description=_("Customer"))
    def show_customer(self, step: ProvisioningStep) -> str:
        return format_html('<span class="af-name">{}</span>', step.customer.name)

    @display(description=_("State"), label=COLOURS)
    def show_state(self, step: ProvisioningStep) -> tuple[str, str]:
        return step.state, step.get_state_display()

    @display(description=_("Why"))
    def show_why(self, step: ProvisioningStep) -> str:
        return format_html('<span class="af-why">{}</span>', step.last_error or step.because)

    @display(description=_("Settled, or next"))
    def show_moment(self, step: ProvisioningStep) -> str:
        return when(step.settled_at or step.not_before)

    def page_of(self, thing: ProvisioningStep) -> str:
        return reverse("admin:onboarding_provisioningstep_change", args=(thing.pk,))

    def get_urls(self) -> list[Any]:
        act = self.admin_site.admin_view(require_POST(self.act))
        return [path("<int:pk>/act/<str:verb>/", act, name="onboarding_provisioningstep_act"), *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """A step stands on the page of its customer's onboarding, where there is one."""
        step = self.get_object(request, object_id)
        if step is None or not self.has_view_permission(request, step) or not _onboarding_of(step):
            return super().change_view(request, object_id, *args, **kwargs)
        return redirect(_page_of(step))

    def act(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        step = get_object_or_404(ProvisioningStep, pk=pk)
        do(VERBS, verb, step, request)
        return redirect(_page_of(step))


def _onboarding_of(step: ProvisioningStep) -> Onboarding | None:
    return Onboarding.objects.filter(customer=step.customer_id).first()


def _page_of(step: ProvisioningStep) -> str:
    onboarding = _onboarding_of(step)
    if onboarding is None:
        return overview_of(step.customer_id)
    return reverse("admin:onboarding_onboarding_change", args=(onboarding.pk,)) + "#set-up"
