"""Slack channels: named, tested, and their addresses never shown again."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminURLInputWidget

from agentfactory_cs.console.asking import asks
from agentfactory_cs.console.lists import FilledListAdmin
from agentfactory_cs.console.saving import ServiceAdmin

from .. import channels
from ..models import SlackChannel
from ..slack import masked
from ..tasks import ring


class SlackChannelForm(forms.ModelForm):
    """What is stored is not shown; empty keeps it."""

    address = forms.URLField(
        label=_("Address"),
        required=False,
        max_length=500,
        assume_scheme="https",
        widget=UnfoldAdminURLInputWidget(),
        help_text=_("Slack's incoming-webhook address. What is stored is not shown; empty keeps it."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["address"] = ""
        self.stored = self.instance.address
        if "address" in self.fields:  # not where one may only look
            placeholder = masked(self.stored) or "https://hooks.slack.com/…"
            self.fields["address"].widget.attrs["placeholder"] = placeholder

    def clean_address(self) -> str:
        address = self.cleaned_data["address"] or self.stored
        if not address:
            raise forms.ValidationError(_("Enter the address that Slack gave you."))
        return str(address)


@admin.register(SlackChannel)
class SlackChannelAdmin(ServiceAdmin, FilledListAdmin):
    service = staticmethod(channels.save_channel)
    form = SlackChannelForm
    list_display = ("name", "shown_address")
    ordering = ("name",)
    actions_detail = ("send_test_post",)
    empty_words = _(
        "A channel is where a playbook's step posts: give it a name, and the address that Slack made for it."
    )

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """Who may only look is not shown the secret."""
        return ("name", "address") if obj is None or self.has_change_permission(request, obj) else ("name",)

    @display(description=_("Address"))
    def shown_address(self, channel: SlackChannel) -> str:
        return masked(channel.address)

    def has_send_test_post_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("messaging.change_slackchannel")

    @action(description=_("Send a test post"), url_path="send-test-post", permissions=["send_test_post"])
    @asks(_("Send a test post"), _("A post that says it is a test goes to the stored address."))
    def send_test_post(self, request: HttpRequest, object_id: str) -> HttpResponse:
        channel = get_object_or_404(SlackChannel, pk=object_id if object_id.isdecimal() else 0)
        channels.post_test(channel, by=request.user, now=timezone.now())
        ring()
        messages.success(request, _("A test post is on its way to Slack; below is what became of it."))
        return redirect("admin:messaging_notice_changelist")
