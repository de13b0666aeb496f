"""The settings of health: one page."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminURLInputWidget, UnfoldBooleanSwitchWidget

from agentfactory_cs.console.saving import ServiceAdmin
from agentfactory_cs.messaging.slack import masked
from agentfactory_cs.messaging.tasks import ring

from ..alerting.posting import post_test
from ..alerts import save_settings
from ..models import HealthSettings


class HealthSettingsForm(forms.ModelForm):
    """Slack's address is a secret: it is taken, but never shown again."""

    slack_address = forms.URLField(
        label=_("Slack address"),
        required=False,
        max_length=500,
        assume_scheme="https",
        widget=UnfoldAdminURLInputWidget(),
        help_text=_("Slack's incoming-webhook address. What is stored is not shown; empty keeps it."),
    )
    forget_slack = forms.BooleanField(
        label=_("Post nothing to Slack"), required=False, widget=UnfoldBooleanSwitchWidget()
    )
    report_weekday = forms.TypedChoiceField(
        label=_("Report weekday"),
        coerce=int,
        choices=[(number, name) for number, name in enumerate(WEEKDAYS.values(), start=1)],
        widget=UnfoldAdminSelectWidget(),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["slack_address"] = ""
        self.stored = self.instance.slack_address
        if "slack_address" in self.fields:  # not where one may only look
            self.fields["slack_address"].widget.attrs["placeholder"] = (
                masked(self.stored) or "https://hooks.slack.com/…"
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "slack_address" in cleaned:
            kept = "" if cleaned.get("forget_slack") else self.stored
            cleaned["slack_address"] = cleaned["slack_address"] or kept
        return cleaned


@admin.register(HealthSettings)
class HealthSettingsAdmin(ServiceAdmin):
    """One row: the list leads straight to its form."""

    service = staticmethod(save_settings)
    form = HealthSettingsForm
    actions_detail = ("send_test_post",)
    fieldsets = (
        (
            _("Alerts"),
            {
                "fields": (("daily_alerts", "digest_at"), ("slack_address", "forget_slack")),
                "description": _(
                    "A success manager is told of so many alerts a day, in one mail at this time (company's time zone)."
                    " The others stand in the console under “Not announced”."
                ),
            },
        ),
        (_("Bad data"), {"fields": (("late_feed_share", "shift_spreads"),)}),
        (_("Weekly report"), {"fields": (("report_weekday", "report_at"),)}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Who may only look is not shown the secret."""
        if self.has_change_permission(request, obj):
            return super().get_fieldsets(request, obj)
        first, *others = super().get_fieldsets(request, obj)
        return [(first[0], {**first[1], "fields": (("daily_alerts", "digest_at"),)}), *others]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_send_test_post_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.has_change_permission(request)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:health_healthsettings_change", args=(HealthSettings.get().pk,)))

    @action(description=_("Send a test post"), url_path="send-test-post", permissions=["send_test_post"])
    def send_test_post(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Queue a post to the stored Slack address; the list of notices tells what became of it."""
        if post_test(by=request.user, now=timezone.now()) is None:
            messages.warning(request, _("There is no Slack address: enter one and save first."))
            return redirect("admin:health_healthsettings_change", object_id)
        ring()
        messages.success(request, _("A test post is on its way to Slack; below is what became of it."))
        return redirect("admin:messaging_notice_changelist")
