"""The never-again list, and how fast mail goes out."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display

from agentfactory_cs.console.lists import FilledListAdmin, TabFilter
from agentfactory_cs.console.saving import ServiceAdmin
from agentfactory_cs.console.templatetags.console import when

from .. import pace, suppression
from ..models import SendingPace, Suppression
from ..tasks import ring_for_mail


class InForce(TabFilter):
    title = _("in force")
    parameter_name = "in_force"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("In force")), ("lifted", _("Lifted"))]

    def value(self) -> str:
        return "lifted" if super().value() == "lifted" else "yes"

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(lifted_at__isnull=self.value() == "yes")


def put_on_list(entry: Suppression, *, by: Any, now: Any) -> None:
    """A new entry as the form filled it in."""
    stored = suppression.suppress(
        entry.address, reason=Suppression.Reason.BY_HAND, topic=entry.topic, detail=entry.detail, by=by, now=now
    )
    if stored is None:
        raise ValidationError({"address": "This address is on the list already."})
    entry.pk = stored.pk


def change_entry(entry: Suppression, *, by: Any, now: Any) -> None:
    """Nothing about an entry changes but that it is lifted, with the reason."""
    if entry.pk is None:
        put_on_list(entry, by=by, now=now)
    else:
        suppression.lift(entry, reason=entry.lift_reason, by=by, now=now)


class EntryForm(forms.ModelForm):
    class Meta:
        model = Suppression
        fields = ("address", "topic", "detail")

    def clean_address(self) -> str:
        return str(self.cleaned_data["address"]).strip().lower()

    def _get_validation_exclusions(self) -> set[str]:
        """Whether it is there already is the service's to say."""
        return {*super()._get_validation_exclusions(), "topic"}  # type: ignore[misc]


@admin.register(Suppression)
class SuppressionAdmin(FilledListAdmin, ServiceAdmin):
    service = staticmethod(change_entry)
    list_display = ("address", "scope", "reason", "detail", "since", "created_by")
    list_filter = (InForce, ("reason", ChoicesDropdownFilter))
    list_select_related = ("topic", "created_by")
    search_fields = ("address",)
    search_help_text = _("Address")
    ordering = ("-id",)
    empty_words = _("Addresses come here when their reader unsubscribes, when mail bounces, or by hand.")
    add_form_fields = ("address", "topic", "detail")

    @display(description=_("Of"))
    def scope(self, entry: Suppression) -> Any:
        return entry.topic or _("all mail")

    @display(description=_("Since"), ordering="id")
    def since(self, entry: Suppression) -> str:
        return when(entry.created_at)

    def get_form(self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **({} if obj else {"form": EntryForm}), **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            words = _("Nothing is sent to this address any more: of one topic, or without one of all.")
            return ((None, {"fields": self.add_form_fields, "description": words}),)
        entry = {"fields": (("address", "topic"), "reason", "detail", ("created_at", "created_by"))}
        lifting = {"fields": ("lift_reason", ("lifted_at", "lifted_by"))}
        words = _("Saving with a reason takes the address off the list: it gets mail again.")
        return (
            (None, entry),
            (_("Take it off the list"), lifting if obj.lifted_at else {**lifting, "description": words}),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = ("address", "topic", "reason", "detail", "created_at", "created_by", "lifted_at", "lifted_by")
        return fixed if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and obj.lifted_at)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(SendingPace)
class SendingPaceAdmin(ModelAdmin):
    """How many mails a second, by provider."""

    list_display = ("provider", "per_second", "stopped_until", "stop_reason")
    fields = ("provider", "per_second", "stopped_until", "stop_reason")
    readonly_fields = ("provider", "stopped_until", "stop_reason")
    actions_detail = ("go_on",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @action(description=_("Try again now"), url_path="go-on", permissions=["go_on"])
    def go_on(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A person has put right what the provider complained of."""
        stopped = get_object_or_404(SendingPace, pk=object_id)
        pace.try_again(stopped.pk, timezone.now())
        ring_for_mail()
        messages.success(request, _("The next mail due is tried now."))
        return redirect(reverse("admin:messaging_sendingpace_change", args=(object_id,)))

    def has_go_on_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("messaging.change_sendingpace")
