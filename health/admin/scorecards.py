"""The scorecards: which score whom, their versions, and what differs between any two."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.urls import path as route
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display

from agentfactory_cs.console.lists import FilledChangeList, FilledListAdmin
from agentfactory_cs.console.saving import ServiceAdmin
from agentfactory_cs.console.templatetags.console import when
from agentfactory_cs.customers.models import Customer

from .. import scorecards
from ..catalogue import Standing, auc_words, changes, newest_backtests, standings, told_versions
from ..models import Backtest, Scorecard, ScorecardVersion


def page_of_scorecard(pk: int) -> str:
    return reverse("admin:health_scorecard_overview", args=(pk,))


def tier_words(tiers: Sequence[str]) -> str:
    return ", ".join(str(Customer.Tier(tier).label) for tier in tiers)


class ScorecardChangeList(FilledChangeList):
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        found = standings(self.result_list)
        for card in self.result_list:
            card.standing = found[card.pk]


@admin.register(Scorecard)
class ScorecardAdmin(FilledListAdmin, ServiceAdmin):
    service = staticmethod(scorecards.save_scorecard)
    list_display = ("name", "show_use", "show_fits", "priority", "show_version", "show_since", "show_drafts")
    ordering = ("retired_at", "-priority", "name")
    fields = ("name", "tier", "priority")
    empty_words = _("Scorecards say how customers are scored; the first one is shipped.")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[FilledChangeList]:
        return ScorecardChangeList

    @display(description=_("Scores"))
    def show_use(self, card: Any) -> str | SafeString:
        return use_words(card.standing)

    @display(description=_("For"), ordering="tier")
    def show_fits(self, card: Scorecard) -> str:
        return card.get_tier_display() if card.tier else _now("every tier")

    @display(description=_("In force"))
    def show_version(self, card: Any) -> str:
        version = card.standing.in_force
        return f"v{version.number}" if version else "–"

    @display(description=_("Since"))
    def show_since(self, card: Any) -> str:
        version = card.standing.in_force
        return when(version.published_at) if version else "–"

    @display(description=_("Drafts"))
    def show_drafts(self, card: Any) -> str:
        return str(len(card.standing.drafts) or "–")

    def page_of(self, thing: Scorecard) -> str:
        return page_of_scorecard(thing.pk)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Scores name it for ever: it is retired instead."""
        return False

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The service has logged it."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The service has logged it."""

    def response_post_save_add(self, request: HttpRequest, obj: Scorecard) -> HttpResponse:
        return HttpResponseRedirect(page_of_scorecard(obj.pk))

    def response_post_save_change(self, request: HttpRequest, obj: Scorecard) -> HttpResponse:
        return HttpResponseRedirect(page_of_scorecard(obj.pk))

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            route("<int:pk>/overview/", view(self.overview_view), name="health_scorecard_overview"),
            route("<int:pk>/draft/", view(require_POST(self.draft_view)), name="health_scorecard_draft"),
            route("<int:pk>/retire/", view(self.retire_view), name="health_scorecard_retire"),
            route("<int:pk>/reinstate/", view(self.reinstate_view), name="health_scorecard_reinstate"),
            *super().get_urls(),
        ]

    def overview_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The page of a scorecard; `?before=&after=` compares two of its versions."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        card = get_object_or_404(Scorecard, pk=pk)
        standing, versions = standings([card])[card.pk], told_versions(card)
        context = {
            "title": card.name,
            "card": card,
            "standing": standing,
            "use": use_words(standing),
            "versions": versions,
            "compared": _compared(request, card),
            "choices": [*standing.drafts, *(told.version for told in versions)],
            "backtests": _backtests(standing),
            "backtest_address": backtest_address(),
            "may_draft": request.user.has_perm("health.add_scorecardversion"),
            "may_change": self.has_change_permission(request),
        }
        return self._page(request, "admin/health/scorecard/overview.html", context)

    def _page(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        request.current_app = self.admin_site.name
        frame = {**self.admin_site.each_context(request), "opts": self.opts, "is_fullwidth": "1"}
        return TemplateResponse(request, template, {**frame, **context})

    def draft_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Start a draft, of the version in force or of the one named, and open it."""
        if not request.user.has_perm("health.add_scorecardversion"):
            raise PermissionDenied
        card = get_object_or_404(Scorecard, pk=pk)
        named = request.POST.get("based_on", "")
        based_on = get_object_or_404(card.versions, pk=named) if named.isdigit() else None
        draft = scorecards.start_draft(card, based_on=based_on, by=request.user, now=timezone.now())
        return HttpResponseRedirect(reverse("admin:health_scorecardversion_edit", args=(draft.pk,)))

    def retire_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._confirmed(request, pk, scorecards.retire_scorecard, _("Retire"))

    def reinstate_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._confirmed(request, pk, scorecards.reinstate_scorecard, _("Reinstate"))

    def _confirmed(self, request: HttpRequest, pk: int, service: Any, verb: Any) -> HttpResponse:
        """Asks first; then does it, or says why not."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        card = get_object_or_404(Scorecard, pk=pk)
        if request.method != "POST":
            context = {"title": f"{verb}: {card.name}", "card": card, "verb": verb, "standing": standings([card])[pk]}
            return self._page(request, "admin/health/scorecard/confirm.html", context)
        try:
            service(card, by=request.user, now=timezone.now())
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
        else:
            messages.success(request, f"{verb}: {card.name}. " + _now("It counts from the next scoring on."))
        return HttpResponseRedirect(page_of_scorecard(pk))


def use_words(standing: Standing) -> str:
    """Whom a scorecard scores today, or why nobody."""
    if standing.scorecard.retired_at:
        return _now("nobody: retired")
    if standing.in_force is None:
        return _now("nobody: not published yet")
    if not standing.tiers:
        names = ", ".join(card.name for card in standing.shadowed_by)
        return _now("nobody: %(names)s comes first") % {"names": names}
    if len(standing.tiers) == len(Customer.Tier):
        return _now("all customers")
    return tier_words(standing.tiers)


def _compared(request: HttpRequest, card: Scorecard) -> dict[str, Any] | None:
    asked = [request.GET.get(name, "") for name in ("before", "after")]
    if not all(pk.isascii() and pk.isdigit() and len(pk) < 19 for pk in asked):
        return None
    before, after = (get_object_or_404(card.versions.select_related("scorecard"), pk=pk) for pk in asked)
    return {"before": before, "after": after, "changes": changes(before, after)}


def _backtests(standing: Standing) -> list[dict[str, Any]]:
    """The newest figure of the version in force and of each draft."""
    versions: list[ScorecardVersion] = [*([standing.in_force] if standing.in_force else []), *standing.drafts]
    found = newest_backtests([version.pk for version in versions])
    return [backtest_line(version, found.get(version.pk)) for version in versions]


def backtest_line(version: ScorecardVersion, test: Backtest | None) -> dict[str, Any]:
    return {"version": version, "test": test, "auc": auc_words(test.result) if test else ""}


def backtest_address() -> str:
    """Where a backtest is started; empty where there is no such page."""
    try:
        return reverse("admin:health_backtest_add")
    except NoReverseMatch:
        return ""
