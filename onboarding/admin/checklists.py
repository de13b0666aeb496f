"""The checklists by tier: what is in force, the draft, and what differs from version to version."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display

from agentfactory_cs.console.saving import ReadOnlyAdmin, show_refusal
from agentfactory_cs.console.templatetags.console import when
from playbooks.admin.verbs import Verb, do, offered

from .. import checklists, rules
from ..differences import differences
from ..models import Checklist, ChecklistVersion, Onboarding
from .checklist_form import form_of

MAY_CHANGE = "onboarding.change_checklistversion"
MAY_PUBLISH = "onboarding.publish_checklistversion"

VERBS = (
    Verb(
        "reset",
        _("Reset to shipped"),
        "restart_alt",
        lambda checklist: True,
        lambda checklist, *, reason, by, now: checklists.reset_to_shipped(checklist, by=by, now=now),
        MAY_CHANGE,
        _("The draft is what came with the system. Publish it to put it in force."),
        _("The draft becomes what came with the system; what stands in the draft now is lost."),
    ),
    Verb(
        "drop",
        _("Discard the draft"),
        "delete",
        lambda checklist: draft_of(checklist) is not None,
        lambda checklist, *, reason, by, now: checklists.drop_draft(checklist),
        MAY_CHANGE,
        _("The draft is discarded."),
        _("It cannot be brought back."),
    ),
)


class PublishForm(forms.Form):
    """Why a version is published, and which saving of the draft is meant."""

    reason = forms.CharField(
        label=_("Why, in a sentence"),
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3, "class": "af-input", "autofocus": True}),
        error_messages={"required": _("Say in a sentence why this version is published.")},
    )
    revision = forms.IntegerField(widget=forms.HiddenInput)


def draft_of(checklist: Checklist) -> ChecklistVersion | None:
    return next((version for version in checklist.versions.all() if version.number is None), None)


def published_of(checklist: Checklist) -> list[ChecklistVersion]:
    """The newest first; from the versions that came with the checklist."""
    found = [version for version in checklist.versions.all() if version.number]
    return sorted(found, key=lambda version: -(version.number or 0))


def _page_of(pk: int) -> str:
    return reverse("admin:onboarding_checklist_change", args=(pk,))


@admin.register(Checklist)
class ChecklistAdmin(ReadOnlyAdmin):
    list_display = ("name", "tier", "show_version", "show_since", "show_items", "show_draft")
    ordering = ("pk",)
    empty_words = _("Those that come with the system are put in place by its migrations.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Checklist]:
        return super().get_queryset(request).prefetch_related("versions")

    @display(description=_("In force"))
    def show_version(self, checklist: Checklist) -> str:
        return next((f"v{version.number}" for version in published_of(checklist)), "–")

    @display(description=_("Since"))
    def show_since(self, checklist: Checklist) -> str:
        return next((when(version.published_at) for version in published_of(checklist)), "–")

    @display(description=_("Items"))
    def show_items(self, checklist: Checklist) -> str:
        return next((str(len(version.plan.items)) for version in published_of(checklist)), "–")

    @display(description=_("Draft"))
    def show_draft(self, checklist: Checklist) -> str:
        draft = draft_of(checklist)
        return when(draft.created_at) if draft else "–"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/edit/", view(self.edit_view), name="onboarding_checklist_edit"),
            path("<int:pk>/publish/", view(self.publish_view), name="onboarding_checklist_publish"),
            path("<int:pk>/act/<str:verb>/", view(require_POST(self.act)), name="onboarding_checklist_act"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What is in force, and every version with what it changed."""
        checklist = self._checklist(request, int(object_id) if object_id.isdecimal() else 0)
        versions, draft = published_of(checklist), draft_of(checklist)
        plans: list[rules.Checklist | None] = [*(version.plan for version in versions), None]
        running = Onboarding.objects.running().filter(version__checklist=checklist)
        context = {
            "title": checklist.name,
            "original": checklist,
            "checklist": checklist,
            "current": versions[0] if versions else None,
            "draft": draft,
            "versions": [
                (version, differences(before, version.plan) if before else None)
                for version, before in zip(versions, plans[1:], strict=True)
            ],
            "changes": differences(plans[0], draft.plan) if draft else [],
            "running": running.count(),
            "verbs": offered(VERBS, checklist, request),
            "may_edit": request.user.has_perm(MAY_CHANGE),
            "may_publish": request.user.has_perm(MAY_PUBLISH),
        }
        return self._page(request, "page", context)

    def edit_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The draft to edit; where there is none, what is in force to begin one from."""
        checklist = self._checklist(request, pk)
        if not request.user.has_perm(MAY_CHANGE):
            raise PermissionDenied
        draft, published = draft_of(checklist), published_of(checklist)
        version = draft or (published[0] if published else None)
        if version is None:
            messages.error(request, _now("There is nothing to begin from. Reset it to what was shipped first."))
            return redirect(_page_of(pk))
        form, problems = form_of(version, request.POST or None), list[str]()
        if request.method == "POST" and form.is_valid():
            problems = self._save(request, checklist, form.definition)
        if request.method == "POST" and form.is_valid() and not problems:
            view = "publish" if "publish" in request.POST else "change"
            return redirect(reverse(f"admin:onboarding_checklist_{view}", args=(pk,)))
        context = {
            "title": _now("Edit %(name)s") % {"name": checklist.name},
            "checklist": checklist,
            "draft": draft,
            "form": form,
            "problems": [*problems, *form.non_form_errors()],
            "revision": request.POST.get("revision", draft.revision if draft else 0),
            "known": rules.KNOWN,
            "may_publish": request.user.has_perm(MAY_PUBLISH),
        }
        return self._page(request, "edit", context)

    def _save(self, request: HttpRequest, checklist: Checklist, definition: Any) -> list[str]:
        """Why it could not be saved; nothing where it was."""
        given = request.POST.get("revision", "")
        revision = int(given) if given.isdecimal() else 0
        try:
            checklists.save_draft(checklist, definition, revision=revision, by=request.user, now=timezone.now())
        except ValidationError as refusal:
            return list(refusal.messages)
        messages.success(request, _now("Saved. Nothing changes for customers until it is published."))
        return []

    def publish_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Asks why, showing what differs; then publishes."""
        checklist = self._checklist(request, pk)
        if not request.user.has_perm(MAY_PUBLISH):
            raise PermissionDenied
        draft, published = draft_of(checklist), published_of(checklist)
        if draft is None:
            messages.error(request, _now("There is no draft to publish."))
            return redirect(_page_of(pk))
        form = PublishForm(request.POST or None, initial={"revision": draft.revision})
        if form.is_valid() and self._published(request, checklist, form):
            return HttpResponseRedirect(_page_of(pk))
        context = {
            "title": _now("Publish the draft of %(name)s") % {"name": checklist.name},
            "checklist": checklist,
            "form": form,
            "changes": differences(published[0].plan if published else None, draft.plan),
            "running": Onboarding.objects.running().filter(version__checklist=checklist).count(),
        }
        return self._page(request, "publish", context)

    def _published(self, request: HttpRequest, checklist: Checklist, form: PublishForm) -> bool:
        try:
            version = checklists.publish(checklist, **form.cleaned_data, by=request.user, now=timezone.now())
        except ValidationError as refusal:
            show_refusal(form, ValidationError(refusal.messages))
            return False
        words = _now("%(version)s is in force: whoever signs up from now on goes by it.")
        messages.success(request, words % {"version": version})
        return True

    def act(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        do(VERBS, verb, self._checklist(request, pk), request)
        return redirect(_page_of(pk))

    def _checklist(self, request: HttpRequest, pk: int) -> Checklist:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return get_object_or_404(Checklist.objects.prefetch_related("versions__published_by"), pk=pk)

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
        frame = {**self.admin_site.each_context(request), "opts": self.opts}
        return TemplateResponse(request, f"admin/onboarding/checklist_{name}.html", {**frame, **context})
