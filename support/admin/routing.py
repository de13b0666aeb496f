"""The routing rules: what is in force, the draft and its editor, trying a ticket, playing back, publishing."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from agentfactory_cs.console.saving import ReadOnlyAdmin, show_refusal
from agentfactory_cs.customers.models import Company
from playbooks.admin.verbs import Verb, do, offered

from ..languages import detect
from ..models import RoutingVersion
from ..routing import replay, rules, sentences, trial, versions
from ..routing.deciding import Start
from ..routing.sentences import Names
from .routing_form import TrialForm, form_of

MAY_CHANGE = "support.change_routingversion"
MAY_PUBLISH = "support.publish_routingversion"

VERBS = (
    Verb(
        "reset",
        _("Reset to shipped"),
        "restart_alt",
        lambda draft: True,
        lambda draft, *, reason, by, now: versions.reset_to_shipped(by=by, now=now),
        MAY_CHANGE,
        _("The draft is what came with the system. Publish it to put it in force."),
        _("The draft becomes what came with the system; what stands in the draft now is lost."),
    ),
    Verb(
        "drop",
        _("Discard the draft"),
        "delete",
        lambda draft: draft is not None,
        lambda draft, *, reason, by, now: versions.drop_draft(by=by, now=now),
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
        error_messages={"required": _("Say in a sentence why these rules are published.")},
    )
    revision = forms.IntegerField(widget=forms.HiddenInput)


def _address(name: str = "changelist") -> str:
    return reverse(f"admin:support_routingversion_{name}")


@admin.register(RoutingVersion)
class RoutingVersionAdmin(ReadOnlyAdmin):
    """There is one set of rules, in versions: the list is its page."""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("edit/", view(self.edit_view), name="support_routingversion_edit"),
            path("try/", view(self.try_view), name="support_routingversion_try"),
            path("publish/", view(self.publish_view), name="support_routingversion_publish"),
            path("act/<str:verb>/", view(require_POST(self.act)), name="support_routingversion_act"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A version has no page of its own: it stands on the page of all."""
        self._require_view(request)
        return redirect(_address())

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """What is in force, the draft, and every version with what it changed."""
        self._require_view(request)
        names, published, draft = Names.known(), self._published(), versions.draft()
        plans = [versions.routing_of(version) for version in published]
        current = published[0] if published else None
        context = {
            "title": _now("Routing"),
            "current": current,
            "rules": sentences.told(plans[0], names) if plans else [],
            "draft": draft,
            "changes": self._changes(current, draft, names),
            "versions": [
                (version, sentences.differences(before, plan, names) if before else None)
                for version, plan, before in zip(published, plans, [*plans[1:], None], strict=True)
            ],
            "verbs": offered(VERBS, draft, request),
            "may_edit": request.user.has_perm(MAY_CHANGE),
            "may_publish": request.user.has_perm(MAY_PUBLISH),
        }
        return self._page(request, "page", context)

    def _published(self) -> list[RoutingVersion]:
        found = RoutingVersion.objects.filter(state=RoutingVersion.State.PUBLISHED)
        return list(found.select_related("published_by").order_by("-number")[:30])

    def _changes(self, current: RoutingVersion | None, draft: RoutingVersion | None, names: Names) -> list[str]:
        if draft is None:
            return []
        before = versions.routing_of(current) if current else None
        return sentences.differences(before, versions.routing_of(draft), names)

    def edit_view(self, request: HttpRequest) -> HttpResponse:
        """The draft to edit; where there is none, what is in force to begin one from."""
        self._require(request, MAY_CHANGE)
        draft = versions.draft()
        version = draft or versions.in_force()
        if version is None:
            messages.error(request, _now("There is nothing to begin from. Reset it to what was shipped first."))
            return redirect(_address())
        form, problems = form_of(version, request.POST or None), list[str]()
        if request.method == "POST" and form.is_valid():
            problems = self._save(request, form.definition)
            if not problems:
                return redirect(_address("publish" if "publish" in request.POST else "changelist"))
        context = {
            "title": _now("Edit the routing rules"),
            "draft": draft,
            "form": form,
            "problems": [*problems, *form.non_form_errors()],
            "revision": request.POST.get("revision", draft.revision if draft else 0),
            "may_publish": request.user.has_perm(MAY_PUBLISH),
        }
        return self._page(request, "edit", context)

    def _save(self, request: HttpRequest, definition: Any) -> list[str]:
        """Why it could not be saved; nothing where it was."""
        given = request.POST.get("revision", "")
        revision = int(given) if given.isascii() and given.isdecimal() and len(given) < 10 else 0
        try:
            versions.save_draft(definition, revision=revision, by=request.user, now=timezone.now())
        except ValidationError as refusal:
            return list(refusal.messages)
        messages.success(request, _now("Saved. Tickets are routed as before until it is published."))
        return []

    def try_view(self, request: HttpRequest) -> HttpResponse:
        """What would happen to this ticket? Changes nothing, and so is asked by a link."""
        self._require_view(request)
        draft, current = versions.draft(), versions.in_force()
        asked = TrialForm(request.GET) if request.GET else TrialForm(initial={"severity": "normal"})
        chosen = draft if draft and request.GET.get("rules") != "in_force" else current
        context = {
            "title": _now("What would happen to this ticket?"),
            "form": asked,
            "draft": draft,
            "chosen": chosen,
            "trial": self._tried(asked, chosen) if asked.is_bound and asked.is_valid() else None,
        }
        return self._page(request, "try", context)

    def _tried(self, asked: TrialForm, version: RoutingVersion | None) -> trial.Trial:
        given = asked.cleaned_data
        if given["ticket"]:
            return trial.of_ticket(given["ticket"], version, now=timezone.now())
        subject = rules.Subject(
            area=given["area"].key if given["area"] else None,
            severity=given["severity"] or "normal",
            tier=given["tier"] or None,
            language=given["language"] or detect(given["text"]) or Company.get().default_language,
        )
        return trial.of_subject(subject, Start(), version, now=timezone.now())

    def publish_view(self, request: HttpRequest) -> HttpResponse:
        """Asks why, showing what differs and where the newest tickets would have gone; then publishes."""
        self._require(request, MAY_PUBLISH)
        draft, current = versions.draft(), versions.in_force()
        if draft is None:
            messages.error(request, _now("There is no draft to publish."))
            return redirect(_address())
        form = PublishForm(request.POST or None, initial={"revision": draft.revision})
        if form.is_valid() and self._is_published(request, form):
            return HttpResponseRedirect(_address())
        context = {
            "title": _now("Publish the draft of the routing rules"),
            "form": form,
            "current": current,
            "changes": self._changes(current, draft, Names.known()),
            "replay": replay.replay(current, draft),
        }
        return self._page(request, "publish", context)

    def _is_published(self, request: HttpRequest, form: PublishForm) -> bool:
        try:
            version = versions.publish(**form.cleaned_data, by=request.user, now=timezone.now())
        except ValidationError as refusal:
            show_refusal(form, ValidationError(refusal.messages))
            return False
        words = _now("%(version)s is in force: tickets that arrive from now on go by it.")
        messages.success(request, words % {"version": version})
        return True

    def act(self, request: HttpRequest, verb: str) -> HttpResponse:
        do(VERBS, verb, versions.draft(), request)
        return redirect(_address())

    def _require_view(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def _require(self, request: HttpRequest, permission: str) -> None:
        if not (self.has_view_permission(request) and request.user.has_perm(permission)):
            raise PermissionDenied

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
        request.current_app = self.admin_site.name
        frame = {**self.admin_site.each_context(request), "opts": self.opts, "is_fullwidth": "1"}
        return TemplateResponse(request, f"admin/support/routing/{name}.html", {**frame, **context})
