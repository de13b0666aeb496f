"""Pages of the onboardings' admin beside the list: the board, and how onboarding goes over time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.registry import Words, scope_filters
from agentfactory_cs.customers.days import utc_day
from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.queries import staff
from agentfactory_cs.messaging.models import SurveyKind
from agentfactory_cs.messaging.queries import answers, mean_score

from .. import cohorts
from ..board import Chosen, Column, columns
from ..models import Onboarding
from ..pictures import days_to_value, funnel_rows

PERIODS: Sequence[tuple[int, Words]] = ((28, _("4 weeks")), (90, _("3 months")), (365, _("12 months")))


@dataclass(frozen=True)
class Asked:
    """What the board's address asks for: whose, which tier, stuck only. What is not offered counts as not chosen."""

    whose: str
    tier: str
    stuck: bool
    user: User

    @classmethod
    def of(cls, request: HttpRequest) -> "Asked":
        whose, tier = request.GET.get("whose", request.GET.get("owner", "")), request.GET.get("tier", "")
        if whose not in ("mine", "all") and not whose.isdecimal():
            whose = "mine" if _has_some(request.user) else "all"
        tier = tier if tier in Customer.Tier.values else ""
        return cls(whose, tier, request.GET.get("stuck") == "1", request.user)  # type: ignore[arg-type]

    def chosen(self) -> Chosen:
        owner = {"mine": self.user.pk, "all": None}.get(self.whose, self.whose)
        return Chosen(int(owner) if owner else None, self.tier, self.stuck)

    def list_of(self, column: Column) -> str:
        """Everybody at a stage, as a list."""
        query = {"which": "stuck" if self.stuck else "running", "stage": column.stage.key}
        if self.tier:
            query["customer__tier__exact"] = self.tier
        if self.whose != "all":
            query["owner"] = "me" if self.whose == "mine" else self.whose
        return f"{reverse('admin:onboarding_onboarding_changelist')}?{urlencode(query)}"


def _has_some(user: Any) -> bool:
    return Onboarding.objects.running().filter(customer__success_manager=user.pk).exists()


class BoardPage:
    """Who is under way, by stage, the stuck on top."""

    admin_site: Any
    opts: Any

    def board_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        asked, now = Asked.of(request), timezone.now()
        found = columns(asked.chosen(), now)
        context = {
            "title": _("Onboarding"),
            "asked": asked,
            "now": now,
            "columns": [(column, asked.list_of(column)) for column in found],
            "number": sum(column.number for column in found),
            "stuck": sum(column.stuck for column in found),
            "tiers": Customer.Tier.choices,
            "owners": staff(),
            "is_narrowed": bool(asked.tier or asked.stuck or asked.whose != "all"),
        }
        return self.page(request, "board", context)

    def page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
        request.current_app = self.admin_site.name
        frame = {**self.admin_site.each_context(request), "opts": self.opts, "is_fullwidth": "1"}
        return TemplateResponse(request, f"admin/onboarding/{name}.html", {**frame, **context})


class FiguresPage:
    """What became of those who signed up, by week or month, and how soon value came."""

    def figures_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        until = utc_day(timezone.now())
        days, filters = _period(request), _filters(request)
        since = until - timedelta(days=days - 1)
        by: cohorts.Span = "week" if request.GET.get("by") == "week" else "month"
        csat = SurveyKind.ONBOARDING_CSAT
        to_value = cohorts.time_to_value(since, until, filters)
        context = {
            "title": _("How onboarding goes"),
            "periods": PERIODS,
            "days": days,
            "by": by,
            "since": since,
            "until": until,
            "filters": _choices(request, filters),
            "cohorts": [funnel_rows(cohort) for cohort in cohorts.cohorts(by, since, until, filters)],
            "milestones": cohorts.MILESTONES,
            "to_value": to_value,
            "bars": days_to_value(to_value),
            "completion": cohorts.completion(since, until, filters),
            "csat": mean_score(csat, since, until, filters),
            "answers": answers(csat, since, until, filters).count(),
            "answers_list": f"{reverse('admin:messaging_response_changelist')}?kind__exact={csat}",
        }
        return self.page(request, "figures", context)  # type: ignore[attr-defined]


def _period(request: HttpRequest) -> int:
    """Days; the dashboard's shorter periods lead here too."""
    wanted = request.GET.get("days", "")
    return int(wanted) if wanted in {"7", *(str(days) for days, _label in PERIODS)} else 90


def _filters(request: HttpRequest) -> dict[str, str]:
    return {
        item.name: request.GET[item.name]
        for item in scope_filters
        if request.GET.get(item.name) in {str(value) for value, _label in item.choices(request)} - {""}
    }


def _choices(request: HttpRequest, filters: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {"name": item.name, "label": item.label, "choices": item.choices(request), "value": filters.get(item.name, "")}
        for item in scope_filters
    ]
