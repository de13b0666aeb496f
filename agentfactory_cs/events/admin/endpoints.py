"""Webhooks: where events are sent, with what became of the last ones, and what a person does about it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelectMultipleWidget, UnfoldAdminURLInputWidget

from agentfactory_cs.console.asking import asks
from agentfactory_cs.console.lists import FilledListAdmin
from agentfactory_cs.console.saving import ServiceAdmin
from agentfactory_cs.console.templatetags.console import when

from ..models import WebhookDelivery, WebhookEndpoint
from ..registry import triggers
from ..tasks import ring_for_webhooks
from ..webhooks import services

SHOWN = 15


class WebhookForm(forms.ModelForm):
    """Its secret is made here and shown once."""

    address = forms.URLField(
        label=_("Address"),
        max_length=500,
        assume_scheme="https",
        widget=UnfoldAdminURLInputWidget(),
        help_text=_("Where we post to: https, and on the public Internet."),
    )
    triggers = forms.MultipleChoiceField(
        label=_("Events"),
        required=False,
        widget=UnfoldAdminSelectMultipleWidget(attrs={"size": 12}),
        help_text=_("The kinds of event it gets; none chosen: all."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "triggers" in self.fields:  # not where one may only look
            named = sorted(((trigger.key, str(trigger.label)) for trigger in triggers), key=lambda one: one[1])
            self.fields["triggers"].choices = [(key, f"{label} ({key})") for key, label in named]  # type: ignore[attr-defined]


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ServiceAdmin, FilledListAdmin):
    service = staticmethod(services.save_endpoint)
    removal = staticmethod(services.remove_endpoint)
    form = WebhookForm
    fields = ("description", "address", "triggers")
    list_display = ("name", "wanted", "show_state", "why")
    ordering = ("description", "id")
    search_fields = ("description", "address")
    search_help_text = _("Description or address")
    change_form_outer_after_template = "admin/events/webhookendpoint/deliveries.html"
    actions_detail = ("send_test", "switch", "rotate")
    empty_words = _("A webhook tells another system of events as they happen, signed: add its address.")

    @display(description=_("Webhook"), ordering="description")
    def name(self, endpoint: WebhookEndpoint) -> str:
        words = '<span class="af-two"><span class="af-name">{}</span><span class="af-quiet">{}</span></span>'
        return format_html(words, endpoint.description, endpoint.address)

    @display(description=_("Events"))
    def wanted(self, endpoint: WebhookEndpoint) -> Any:
        count = len(endpoint.triggers)
        return ngettext("%(n)s kind", "%(n)s kinds", count) % {"n": count} if count else _("all")

    @display(description=_("State"), label={"on": "success", "failing": "warning", "off": "danger"})
    def show_state(self, endpoint: WebhookEndpoint) -> tuple[str, Any]:
        if not endpoint.is_active:
            return "off", _("Off")
        return ("failing", _("Failing")) if endpoint.failing_since else ("on", _("On"))

    @display(description=_("Why"))
    def why(self, endpoint: WebhookEndpoint) -> str:
        if endpoint.disabled_because:
            return format_html('<span class="af-why">{}</span>', endpoint.disabled_because)
        if endpoint.failing_since:
            words = _("%(n)s attempts in a row have failed, since") % {"n": endpoint.failures}
            return format_html('<span class="af-why">{} {}</span>', words, when(endpoint.failing_since))
        return ""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.send_failed_again)
        address = path("<int:pk>/send-failed-again/", view, name="events_webhookendpoint_send_failed_again")
        return [address, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """With its last deliveries."""
        shown: Mapping[str, Any] = {}
        if object_id.isdecimal():
            last = WebhookDelivery.objects.filter(endpoint_id=int(object_id)).defer("body", "answer")[:SHOWN]
            endpoint = WebhookEndpoint.objects.filter(pk=object_id).first()
            shown = {"deliveries": last, "endpoint": endpoint, "may_change": self.has_change_permission(request)}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **shown})

    def response_add(self, request: HttpRequest, obj: Model, post_url_continue: str | None = None) -> HttpResponse:
        assert isinstance(obj, WebhookEndpoint)
        return self._show_secret(request, obj, _("Webhook added"))

    def _show_secret(self, request: HttpRequest, endpoint: WebhookEndpoint, title: Any) -> HttpResponse:
        """Straight onto a page: a message would leave it in the session or a cookie."""
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "endpoint": endpoint,
        }
        headers = {"Cache-Control": "no-store"}
        return TemplateResponse(request, "admin/events/webhookendpoint/secret.html", context, headers=headers)

    def has_work_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("events.change_webhookendpoint")

    @action(description=_("Send a test"), url_path="send-test", permissions=["work"])
    @asks(_("Send a test"), _("A message that says it is a test goes to the address."))
    def send_test(self, request: HttpRequest, object_id: str) -> HttpResponse:
        endpoint = _endpoint(object_id)
        said = _("A test is on its way; below is what becomes of it.")
        self._do(request, lambda: services.send_test(endpoint, by=request.user, now=timezone.now()), said)
        return _page_of(endpoint)

    @action(description=_("Switch off or on"), url_path="switch", permissions=["work"])
    @asks(
        _("Switch off or on"),
        _(
            "Off: nothing is posted to it, and what waits has failed. On: it gets what happens from then on; "
            "what failed meanwhile is not sent late by itself: you may send it again."
        ),
    )
    def switch(self, request: HttpRequest, object_id: str) -> HttpResponse:
        endpoint = _endpoint(object_id)
        if endpoint.is_active:
            self._do(
                request,
                lambda: services.switch_off(endpoint, reason="", by=request.user),
                _("It is off. What waited has failed."),
            )
        else:
            said = _("It is on, and gets what happens from now on. What failed meanwhile can be sent again below.")
            self._do(request, lambda: services.switch_on(endpoint), said)
        return _page_of(endpoint)

    @action(description=_("New secret"), url_path="rotate", permissions=["work"])
    @asks(_("Make a new secret"), _("For a day messages are signed by the old and the new one; then by the new alone."))
    def rotate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        endpoint = services.rotate_secret(_endpoint(object_id), now=timezone.now())
        return self._show_secret(request, endpoint, _("New secret"))

    def send_failed_again(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What failed since a moment."""
        endpoint = get_object_or_404(WebhookEndpoint, pk=pk)
        if request.method == "POST" and self.has_work_permission(request):
            since = _moment(request.POST.get("since", ""))
            if since is None:
                messages.error(request, _("Enter a day and time, such as 2026-11-22T08:00."))
                return _page_of(endpoint)
            self._do(request, lambda: self._again(request, endpoint, since), "")
        return _page_of(endpoint)

    def _again(self, request: HttpRequest, endpoint: WebhookEndpoint, since: datetime) -> None:
        count = services.send_failed_again(endpoint, since=since, now=timezone.now())
        said = ngettext("%(n)s message is sent again.", "%(n)s messages are sent again.", count) % {"n": count}
        messages.success(request, said)

    def _do(self, request: HttpRequest, act: Callable[[], Any], said: Any) -> None:
        try:
            act()
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
            return
        ring_for_webhooks()
        if said:
            messages.success(request, said)


def _endpoint(object_id: str) -> WebhookEndpoint:
    return get_object_or_404(WebhookEndpoint, pk=object_id if object_id.isdecimal() else 0)


def _page_of(endpoint: WebhookEndpoint) -> HttpResponse:
    return redirect(reverse("admin:events_webhookendpoint_change", args=(endpoint.pk,)))


def _moment(text: str) -> datetime | None:
    """As the browser's field writes it, in the viewer's zone."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return timezone.make_aware(moment) if moment and timezone.is_naive(moment) else moment
