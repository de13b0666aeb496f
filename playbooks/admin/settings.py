"""A playbook's settings: what is the same for all its versions. Making one from nothing, or of another."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from agentfactory_cs.console.saving import show_refusal

from .. import authoring
from ..models import Playbook


class SettingsForm(forms.ModelForm):
    class Meta:
        model = Playbook
        fields = authoring.SETTINGS
        labels = {
            "is_sequence": _("A mail sequence"),
            "is_exclusive": _("Keeps others out"),
            "cool_down_days": _("Enters again after, days"),
            "holdout_percent": _("Held out, %"),
        }
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if not isinstance(field, forms.BooleanField):
                field.widget.attrs["class"] = "af-input"

    def _post_clean(self) -> None:
        """The service checks what several fields decide, and what exists already."""
        for name in authoring.SETTINGS:
            if name in self.cleaned_data:
                setattr(self.instance, name, self.cleaned_data[name])


class Settings:
    """Mixed into the admin of playbooks."""

    admin_site: Any
    opts: Any

    def settings_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("new/", view(self.new_view), name="playbooks_playbook_new"),
            path("<int:pk>/settings/", view(self.settings_view), name="playbooks_playbook_settings"),
            path("<int:pk>/copy/", view(self.copy_view), name="playbooks_playbook_copy"),
        ]

    def has_new_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("playbooks.add_playbook")

    @action(description=_("New playbook"), url_path="from-nothing", icon="add", permissions=["new"])
    def new_playbook(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:playbooks_playbook_new"))

    def new_view(self, request: HttpRequest) -> HttpResponse:
        _require(request, "playbooks.add_playbook")
        form = SettingsForm(request.POST or None)
        words = _now("New playbook"), _now("Make it and write its steps")
        return self._asked(request, form, *words, authoring.save_playbook)

    def copy_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A new playbook with another's settings and steps."""
        _require(request, "playbooks.add_playbook")
        original = get_object_or_404(Playbook, pk=pk)
        initial = {name: getattr(original, name) for name in authoring.SETTINGS}
        initial["name"] = (_now("%(name)s (copy)") % {"name": original.name})[:120]
        form = SettingsForm(request.POST or None, initial=initial)
        words = _now("Copy of %(name)s") % {"name": original.name}, _now("Make the copy")
        return self._asked(request, form, *words, partial(authoring.copy_playbook, original), original)

    def settings_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        _require(request, "playbooks.change_playbook")
        playbook = get_object_or_404(Playbook, pk=pk)
        form = SettingsForm(request.POST or None, instance=playbook)
        words = _now("Settings of %(name)s") % {"name": playbook.name}, _now("Save")
        return self._asked(request, form, *words, authoring.save_playbook, playbook)

    def _asked(
        self, request: HttpRequest, form: SettingsForm, title: str, verb: str, store: Any, of: Playbook | None = None
    ) -> HttpResponse:
        """The form; sent, it is stored, and a new playbook's steps are opened."""
        is_new = form.instance.pk is None
        if form.is_valid():
            try:
                stored = store(form.instance, by=request.user, now=timezone.now())
            except ValidationError as refusal:
                show_refusal(form, refusal)
            else:
                messages.success(request, _now("Saved."))
                page = "admin:playbooks_playbook_edit" if is_new else "admin:playbooks_playbook_change"
                return HttpResponseRedirect(reverse(page, args=(stored.pk,)))
        context = {**self.admin_site.each_context(request), "opts": self.opts, "title": title, "verb": verb}
        request.current_app = self.admin_site.name
        return TemplateResponse(
            request,
            "admin/playbooks/settings.html",
            {**context, "form": form, "original": of, "playbook": of, "is_new": is_new},
        )


def _require(request: HttpRequest, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied
