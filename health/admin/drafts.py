"""A scorecard version: a draft's editor with its live preview, its publication; a published one to read."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path as route
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from agentfactory_cs.console.saving import ReadOnlyAdmin, show_refusal

from .. import scorecards
from ..catalogue import changes, newest_backtests
from ..console.previewing import preview_context
from ..definitions import Definition
from ..differences import differences
from ..models import ScorecardVersion
from ..preview import preview
from ..rules import BadDefinition, Card
from .definition_form import DefinitionForm
from .scorecards import backtest_address, backtest_line, page_of_scorecard, tier_words

MAY_CHANGE = "health.change_scorecardversion"
MAY_PUBLISH = "health.publish_scorecardversion"


class PublishForm(forms.Form):
    """Why a version is published, and which saving of the draft is meant."""

    reason = forms.CharField(
        label=_("Why, in a sentence"),
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3, "class": "af-input", "autofocus": True}),
        error_messages={"required": _("Say in a sentence why this version is published.")},
    )
    revision = forms.IntegerField(widget=forms.HiddenInput)


@admin.register(ScorecardVersion)
class ScorecardVersionAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "state", "published_at", "published_by_label", "reason")
    list_select_related = ("scorecard",)

    def page_of(self, thing: ScorecardVersion) -> str:
        return page_of_version(thing.pk)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            route("<int:pk>/edit/", view(self.edit_view), name="health_scorecardversion_edit"),
            route("<int:pk>/preview/", view(require_POST(self.preview_view)), name="health_scorecardversion_preview"),
            route("<int:pk>/publish/", view(self.publish_view), name="health_scorecardversion_publish"),
            route("<int:pk>/discard/", view(self.discard_view), name="health_scorecardversion_discard"),
            *super().get_urls(),
        ]

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """The log of the console links here; the page of a version is its editor."""
        version = self.get_object(request, object_id)
        if version is None or not self.has_view_permission(request, version):
            return super().change_view(request, object_id, *args, **kwargs)
        return HttpResponseRedirect(page_of_version(version.pk))

    def edit_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A draft to edit; what is published, or not for this person to change, to read."""
        version = self._version(request, pk)
        may_edit = version.state == version.State.DRAFT and request.user.has_perm(MAY_CHANGE)
        if request.method != "POST":
            return self._editor(request, version, DefinitionForm(version), may_edit)
        if not may_edit:
            raise PermissionDenied
        form = DefinitionForm(version, request.POST)
        if form.is_valid() and self._saved(request, version, form):
            view = "publish" if "publish" in request.POST else "edit"
            return HttpResponseRedirect(reverse(f"admin:health_scorecardversion_{view}", args=(pk,)))
        return self._editor(request, version, form, may_edit)

    def _saved(self, request: HttpRequest, version: ScorecardVersion, form: DefinitionForm) -> bool:
        told = {name: form.cleaned_data[name] for name in ("title", "revision")}
        try:
            scorecards.save_draft(version, definition=form.definition, **told, by=request.user, now=timezone.now())
        except ValidationError as refusal:
            show_refusal(form, ValidationError(refusal.messages))
            return False
        messages.success(request, _now("Saved. Nothing changes for customers until it is published."))
        return True

    def _editor(
        self, request: HttpRequest, version: ScorecardVersion, form: DefinitionForm, may_edit: bool
    ) -> HttpResponse:
        current = scorecards.in_force(version.scorecard)
        asked = [each for each in (current, version) if each]
        tests = newest_backtests([each.pk for each in asked])
        context = {
            "title": str(version),
            "version": version,
            "form": form,
            "tiers": [tier_words([tier]) for tier in form.tiers],
            "may_edit": may_edit,
            "may_publish": may_edit and request.user.has_perm(MAY_PUBLISH),
            "may_draft": request.user.has_perm("health.add_scorecardversion"),
            "current": current,
            "backtests": [backtest_line(each, tests.get(each.pk)) for each in dict.fromkeys(asked)],
            "backtest_address": backtest_address(),
            **({} if form.is_bound else self._previewed(version, version.definition)),
        }
        return self._page(request, "edit", context)

    def preview_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What the form, saved or not, would make of today's customers: a part of the editor."""
        version = self._version(request, pk)
        form = DefinitionForm(version, request.POST)
        if form.is_valid():
            context = dict(self._previewed(version, form.definition))
        else:
            context = {"problems": [words for errors in form.errors.values() for words in errors], "form": form}
        return TemplateResponse(request, "admin/health/scorecardversion/preview.html", context)

    def _previewed(self, version: ScorecardVersion, definition: Definition) -> Mapping[str, Any]:
        current = scorecards.in_force(version.scorecard)
        shown = preview(version.scorecard, definition)
        return {
            **preview_context(shown, Card.from_definition(definition)),
            "preview_tiers": tier_words(shown.tiers) if shown else "",
            "current": current,
            "changes": _differences(current, definition) if current else None,
        }

    def publish_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Asks why, showing what differs and whom it moves; then publishes."""
        version = self._version(request, pk)
        if not request.user.has_perm(MAY_PUBLISH):
            raise PermissionDenied
        if version.state != version.State.DRAFT:
            messages.error(request, _now("%(version)s is published already.") % {"version": version})
            return HttpResponseRedirect(page_of_scorecard(version.scorecard_id))
        form = PublishForm(request.POST or None, initial={"revision": version.revision})
        if form.is_valid() and self._published(request, version, form):
            return HttpResponseRedirect(page_of_scorecard(version.scorecard_id))
        context = {"title": _now("Publish %(version)s") % {"version": version}, "version": version, "form": form}
        return self._page(request, "publish", {**context, **self._previewed(version, version.definition)})

    def _published(self, request: HttpRequest, version: ScorecardVersion, form: PublishForm) -> bool:
        try:
            published = scorecards.publish(version, **form.cleaned_data, by=request.user, now=timezone.now())
        except ValidationError as refusal:
            show_refusal(form, ValidationError(refusal.messages))
            return False
        words = _now("%(version)s is in force. Scores are made with it from the next scoring on.")
        messages.success(request, words % {"version": published})
        return True

    def discard_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        version = self._version(request, pk)
        if not request.user.has_perm(MAY_CHANGE):
            raise PermissionDenied
        if request.method != "POST":
            current = scorecards.in_force(version.scorecard)
            context = {
                "title": _now("Discard %(version)s") % {"version": version},
                "version": version,
                "current": current,
                "changes": changes(current, version) if current else None,
            }
            return self._page(request, "discard", context)
        try:
            scorecards.discard_draft(version, by=request.user, now=timezone.now())
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
        else:
            messages.success(request, _now("The draft is discarded."))
        return HttpResponseRedirect(page_of_scorecard(version.scorecard_id))

    def _version(self, request: HttpRequest, pk: int) -> ScorecardVersion:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return get_object_or_404(ScorecardVersion.objects.select_related("scorecard", "based_on__scorecard"), pk=pk)

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
        request.current_app = self.admin_site.name
        frame = {**self.admin_site.each_context(request), "opts": self.opts, "is_fullwidth": "1"}
        return TemplateResponse(request, f"admin/health/scorecardversion/{name}.html", {**frame, **context})


def page_of_version(pk: int) -> str:
    return reverse("admin:health_scorecardversion_edit", args=(pk,))


def _differences(current: ScorecardVersion, definition: Definition) -> list[str]:
    try:
        return differences(current.definition, definition)
    except BadDefinition as error:
        return [str(error)]
