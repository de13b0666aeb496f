"""What is done to chosen tickets of a queue: taken, given, moved, tagged, merged."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from .. import bulk
from ..assigning import assign_to
from ..editing import edit
from ..linking import merge
from ..models import Agent, Team, Ticket
from ..moving import move
from ..taking import give, take

_SELECT = {"class": "af-select"}
Act = Callable[[Ticket], Any]


class GiveForm(forms.Form):
    agent = forms.ModelChoiceField(
        Agent.objects.none(), label=_("To whom"), empty_label=None, widget=forms.Select(attrs=_SELECT)
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = Agent.objects.filter(user__is_active=True).select_related("user")
        self.fields["agent"].queryset = found  # type: ignore[attr-defined]

    def act(self, by: Any, now: datetime) -> Act:
        return lambda ticket: give(ticket, self.cleaned_data["agent"], by=by, now=now)


class TeamForm(forms.Form):
    team = forms.ModelChoiceField(
        Team.objects.active(), label=_("To which team"), empty_label=None, widget=forms.Select(attrs=_SELECT)
    )

    def act(self, by: Any, now: datetime) -> Act:
        return lambda ticket: assign_to(ticket, self.cleaned_data["team"], by=by, now=now)


class StatusForm(forms.Form):
    status = forms.ChoiceField(
        choices=[choice for choice in Ticket.Status.choices if choice[0] != Ticket.Status.NEW],
        label=_("To which status"),
        widget=forms.Select(attrs=_SELECT),
    )
    reason = forms.CharField(
        label=_("Why, in a sentence"), required=False, max_length=300, widget=forms.TextInput(attrs=_SELECT)
    )

    def act(self, by: Any, now: datetime) -> Act:
        told = self.cleaned_data
        return lambda ticket: move(ticket, told["status"], by=by, reason=told["reason"], now=now)


class TagForm(forms.Form):
    tag = forms.CharField(label=_("Tag"), max_length=50, widget=forms.TextInput(attrs=_SELECT))

    def act(self, by: Any, now: datetime) -> Act:
        return lambda ticket: _tag(ticket, self.cleaned_data["tag"], by, now)


def _tag(ticket: Ticket, tag: str, by: Any, now: datetime) -> None:
    if tag in ticket.tags:
        raise ValidationError(_now("tagged so already"))
    edit(ticket, {"tags": [*ticket.tags, tag]}, by=by, now=now)


class MergeForm(forms.Form):
    into = forms.ModelChoiceField(
        Ticket.objects.all(),
        label=_("Into which ticket (its number)"),
        widget=forms.NumberInput(attrs={**_SELECT, "min": 1}),
        error_messages={"invalid_choice": _("There is no ticket of that number.")},
    )

    def act(self, by: Any, now: datetime) -> Act:
        return lambda ticket: merge(ticket, self.cleaned_data["into"], by=by, now=now)


# By the action: its form, its title, and what to think of before.
_ASKED: Mapping[str, tuple[type[forms.Form], Any, Any]] = {
    "give": (GiveForm, _("Give to…"), _("Whoever has them now has them no longer.")),
    "to_team": (TeamForm, _("Move to a team…"), _("Somebody of the team who has room takes each, as routing does.")),
    "set_status": (StatusForm, _("Set the status…"), _("Customers hear of it as of any such change.")),
    "tag": (TagForm, _("Add a tag…"), ""),
    "merge_into": (
        MergeForm,
        _("Merge into…"),
        _("Their messages move to the other, and they are closed. It cannot be taken back."),
    ),
}


def report(request: HttpRequest, done: bulk.Done, words: Callable[[int], str]) -> None:
    """ "Taken 14; 2 not: taken by Clara Fischer." """
    told = words(done.done) % {"n": done.done}
    left = "; ".join(f"{count} × {why.rstrip('.')}" for why, count in done.left.items())
    if left:
        told = _now("%(done)s Not done: %(left)s.") % {"done": told, "left": left}
    (messages.success if done.done else messages.warning)(request, told)


def _tickets(n: int) -> str:
    return ngettext("Done to %(n)s ticket.", "Done to %(n)s tickets.", n)


def _taken(n: int) -> str:
    return ngettext("%(n)s ticket is yours.", "%(n)s tickets are yours.", n)


class BulkActs:
    """Mixed into the tickets' admin."""

    admin_site: Any
    opts: Any

    def has_work_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("support.change_ticket")

    @admin.action(description=_("Assign to me"), permissions=["work"])
    def take(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> None:
        now = timezone.now()
        self._do_each(request, queryset, lambda ticket: take(ticket, by=request.user, if_free=True, now=now), _taken)

    @admin.action(description=_ASKED["give"][1], permissions=["work"])
    def give(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> HttpResponse | None:
        return self._ask(request, queryset, "give")

    @admin.action(description=_ASKED["to_team"][1], permissions=["work"])
    def to_team(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> HttpResponse | None:
        return self._ask(request, queryset, "to_team")

    @admin.action(description=_ASKED["set_status"][1], permissions=["work"])
    def set_status(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> HttpResponse | None:
        return self._ask(request, queryset, "set_status")

    @admin.action(description=_ASKED["tag"][1], permissions=["work"])
    def tag(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> HttpResponse | None:
        return self._ask(request, queryset, "tag")

    @admin.action(description=_ASKED["merge_into"][1], permissions=["work"])
    def merge_into(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> HttpResponse | None:
        return self._ask(request, queryset, "merge_into")

    def _ask(self, request: HttpRequest, queryset: QuerySet[Ticket], name: str) -> HttpResponse | None:
        """Asks for what is missing first; then does it, and says how many it was done to and how many not."""
        kind, title, warning = _ASKED[name]
        form: Any = kind(request.POST if "apply" in request.POST else None)
        if form.is_bound and form.is_valid():
            self._do_each(request, queryset, form.act(request.user, timezone.now()), _tickets)
            return None
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "warning": warning,
            "form": form,
            "action": name,
            "chosen": request.POST.getlist("_selected_action"),
            "across": request.POST.get("select_across", "0"),
            "tickets": list(queryset[:10]),
            "number": queryset.order_by().values("pk")[: bulk.MOST + 1].count(),
        }
        return TemplateResponse(request, "admin/support/bulk.html", context)

    def _do_each(self, request: HttpRequest, queryset: QuerySet[Ticket], act: Act, words: Callable[[int], str]) -> None:
        try:
            report(request, bulk.each(queryset.order_by("pk")[: bulk.MOST + 1], act), words)
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
