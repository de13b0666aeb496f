"""Onboardings: the list, and one of them with its checklist, account set-up, stuck periods and playbooks."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin.dropdown_filters import DropdownFilter

from agentfactory_cs.console.lists import TabFilter
from agentfactory_cs.console.registry import DefaultOrder, OrderedPart, default_orders
from agentfactory_cs.console.saving import ReadOnlyAdmin
from agentfactory_cs.customers.admin.owners import OwnerFilter
from playbooks.queries import runs_of_customer

from ..board import at_stage
from ..models import Onboarding
from ..models.onboarding import OnboardingState
from ..stages import STAGES
from .pages import BoardPage, FiguresPage
from .set_up import steps_of
from .ticking import Ticking, checklist_of

SUBJECT = "onboarding.Onboarding"
COLOURS = {OnboardingState.RUNNING: "info", OnboardingState.COMPLETED: "success", OnboardingState.ENDED: "default"}
RUNS_SHOWN = 5

default_orders.register(
    DefaultOrder(
        "onboarding.onboardings",
        SUBJECT,
        _("the latest on top"),
        lambda: [OrderedPart(condition=Q(), ordering=("-started_at", "-pk"))],
    )
)


class Which(TabFilter):
    title = _("which")
    parameter_name = "which"
    own_order: Mapping[str, Sequence[str]] = {"stuck": ("stuck_periods__since", "pk")}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("stuck", _("Stuck")), *OnboardingState.choices, ("all", _("All"))]

    def value(self) -> str:
        chosen = super().value()
        return str(chosen) if chosen in {str(value) for value, _title in self.lookup_choices} else "running"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "stuck":
                return queryset.filter(stuck_periods__ended_at=None, stuck_periods__isnull=False)
            case "all":
                return queryset
        return queryset.filter(state=self.value())


class StageFilter(DropdownFilter):
    title = _("stage")
    parameter_name = "stage"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(stage.key, stage.title) for stage in STAGES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(pk__in=at_stage(str(self.value()))) if self.value() else queryset


class ManagerFilter(OwnerFilter):
    title = _("success manager")
    field = "customer__success_manager"


@admin.register(Onboarding)
class OnboardingAdmin(Ticking, BoardPage, FiguresPage, ReadOnlyAdmin):
    list_filter = (Which, StageFilter, "customer__tier", ManagerFilter)
    search_fields = ("customer__name",)
    search_help_text = _("Customer")
    empty_words = _("An onboarding begins by itself when a customer signs up.")

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        acts = (("reach/<slug:key>", "reach"), ("take-back/<slug:key>", "take_back"), ("complete", "complete"))
        return [
            path("begin/<int:customer>/", view(require_POST(self.begin_view)), name="onboarding_onboarding_begin"),
            path("board/", view(self.board_view), name="onboarding_onboarding_board"),
            path("figures/", view(self.figures_view), name="onboarding_onboarding_figures"),
            *(
                path(
                    f"<int:pk>/{route}/",
                    view(require_POST(getattr(self, f"{name}_view"))),
                    name=f"onboarding_onboarding_{name}",
                )
                for route, name in acts
            ),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One customer's way from signup to first value."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = Onboarding.objects.select_related("customer__success_manager", "version__checklist", "ended_by")
        onboarding, now = get_object_or_404(found, pk=object_id if object_id.isdecimal() else 0), timezone.now()
        under_way, over = runs_of_customer(onboarding.customer_id, RUNS_SHOWN)
        context = {
            "title": str(onboarding),
            "original": onboarding,
            "colour": COLOURS[OnboardingState(onboarding.state)],
            "customer": onboarding.customer,
            "periods": onboarding.stuck_periods.all(),
            "under_way": under_way if request.user.has_perm("playbooks.view_run") else [],
            "over": over if request.user.has_perm("playbooks.view_run") else [],
            "steps": steps_of(request, onboarding.customer_id),
            **checklist_of(request, onboarding, now),
        }
        return self.page(request, "onboarding", context)
