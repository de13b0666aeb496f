"""Service levels: what is promised by tier and severity, its draft, and its versions."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from agentfactory_cs.console.saving import ReadOnlyAdmin, show_refusal

from ..levels import policy
from ..levels.rules import SEVERITIES
from ..models import ServiceVersion
from .promises_form import PromisesForm, differences, grid

MAY_CHANGE = "support.change_serviceversion"
PAGE = "admin:support_serviceversion_changelist"
SHOWN = 20


class PublishForm(forms.Form):
    """Why, and which saving of the draft is meant."""

    reason = forms.CharField(
        label=_("Why, in a sentence"),
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3, "class": "af-input", "autofocus": True}),
        error_messages={"required": _("Say in a sentence why.")},
    )
    revision = forms.IntegerField(widget=forms.HiddenInput)


@admin.register(ServiceVersion)
class ServiceVersionAdmin(ReadOnlyAdmin):
    """One page instead of a list: there is one policy, and its versions."""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("edit/", view(self.edit_view), name="support_serviceversion_edit"),
            path("publish/", view(self.publish_view), name="support_serviceversion_publish"),
            path("drop/", view(require_POST(self.drop_view)), name="support_serviceversion_drop"),
            path("reset/", view(require_POST(self.reset_view)), name="support_serviceversion_reset"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        versions = ServiceVersion.objects.filter(state="published").select_related("published_by")
        published = list(versions.order_by("-number")[: SHOWN + 1])
        told = zip(published[:SHOWN], [*published[1:], None], strict=False)
        return self._page(
            request,
            "promises",
            {
                "title": _("Service levels"),
                "in_force": published[0],
                "grid": grid(published[0].definition),
                "draft": _draft(),
                "versions": [(one, _changes(before, one)) for one, before in told],
                "may_change": request.user.has_perm(MAY_CHANGE),
            },
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """An earlier version stands on the page of all."""
        return HttpResponseRedirect(reverse(PAGE))

    def edit_view(self, request: HttpRequest) -> HttpResponse:
        """The draft, or a new one that begins with what is in force."""
        _require(request)
        draft = _draft()
        beginning = draft or policy.in_force()
        form = (
            PromisesForm(request.POST)
            if request.method == "POST"
            else PromisesForm.of(beginning.definition, draft.revision if draft else 0)
        )
        if form.is_bound and form.is_valid() and self._save(request, form):
            return HttpResponseRedirect(reverse(_next(request)))
        context = {"title": _("Edit what is promised"), "form": form, "draft": draft, "severities": SEVERITIES}
        return self._page(request, "promises_edit", context)

    def _save(self, request: HttpRequest, form: PromisesForm) -> bool:
        revision = form.cleaned_data["revision"]
        try:
            policy.save_draft(form.definition(), revision=revision, by=request.user, now=timezone.now())
        except ValidationError as refusal:
            show_refusal(form, refusal)
            return False
        messages.success(request, _now("Saved. Nothing changes until it is published."))
        return True

    def publish_view(self, request: HttpRequest) -> HttpResponse:
        _require(request)
        draft = _draft()
        if draft is None:
            messages.error(request, _now("There is no draft to publish."))
            return HttpResponseRedirect(reverse(PAGE))
        form = PublishForm(request.POST or None, initial={"revision": draft.revision})
        if form.is_bound and form.is_valid() and self._publish(request, form):
            return HttpResponseRedirect(reverse(PAGE))
        changes = differences(policy.in_force().definition, draft.definition)
        return self._page(request, "promises_publish", {"title": _("Publish"), "form": form, "changes": changes})

    def _publish(self, request: HttpRequest, form: PublishForm) -> bool:
        try:
            version = policy.publish(**form.cleaned_data, by=request.user, now=timezone.now())
        except ValidationError as refusal:
            show_refusal(form, refusal)
            return False
        messages.success(request, _now("%(version)s is in force for new tickets.") % {"version": version})
        return True

    def drop_view(self, request: HttpRequest) -> HttpResponse:
        _require(request)
        try:
            policy.drop_draft()
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
        else:
            messages.success(request, _now("The draft is discarded."))
        return HttpResponseRedirect(reverse(PAGE))

    def reset_view(self, request: HttpRequest) -> HttpResponse:
        _require(request)
        policy.reset_to_shipped(by=request.user, now=timezone.now())
        messages.success(request, _now("The draft is what came with the system. Publish it to put it in force."))
        return HttpResponseRedirect(reverse(PAGE))

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
        request.current_app = self.admin_site.name
        frame = {**self.admin_site.each_context(request), "opts": self.opts, "severities": SEVERITIES}
        return TemplateResponse(request, f"admin/support/{name}.html", {**frame, **context})


def _draft() -> ServiceVersion | None:
    return ServiceVersion.objects.filter(state="draft").first()


def _changes(before: ServiceVersion | None, version: ServiceVersion) -> list[str]:
    return differences(before.definition, version.definition) if before else []


def _next(request: HttpRequest) -> str:
    return "admin:support_serviceversion_publish" if "publish" in request.POST else PAGE


def _require(request: HttpRequest) -> None:
    if not request.user.has_perm(MAY_CHANGE):
        raise PermissionDenied
