"""Mail that the provider hands over: the inbound webhook of the provider that is configured, and of no other."""

from importlib import import_module
from inspect import getmembers
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone

from . import tasks
from .inbound.keeping import keep


def take_in(sender: Any, event: Any, esp_name: str, **kwargs: Any) -> None:
    """django-anymail's signal, once for each mail of a webhook's request: it is kept, and read afterwards."""
    try:
        keep(_bytes_of(event.message), now=timezone.now())
    except ValidationError:
        return  # nothing in it
    tasks.ring_for_inbound_mail()


def _bytes_of(message: Any) -> bytes:
    """The mail with what only the provider knows of its envelope, as headers that a mail server would have added."""
    told = {"Return-Path": message.envelope_sender, "Delivered-To": message.envelope_recipient}
    lines = [f"{name}: <{_plain(value)}>\n" for name, value in told.items() if value is not None]
    try:
        whole = message.as_bytes()
    except (UnicodeError, LookupError, ValueError):  # it cannot be written down the way it says it is
        whole = message.as_string().encode("utf-8", "surrogateescape")
    return "".join(lines).encode() + bytes(whole)


def _plain(address: str) -> str:
    return "".join(address.split()).strip("<>")


def urlpatterns_of(provider: str) -> list[URLPattern]:
    """`mail/<provider>/inbound/` under /hooks/, where a provider is configured that hands over mail.

    Those whose one webhook tells everything bring mail to the tracking address (docs/messaging.md).
    """
    if not provider:
        return []
    from anymail.signals import inbound

    inbound.connect(take_in, dispatch_uid="support.take_in")
    view = _view(provider)
    return [path(f"mail/{provider}/inbound/", view, name="support_inbound")] if view else []


def _view(provider: str) -> Any:
    if not settings.ANYMAIL.get("WEBHOOK_SECRET"):
        return _closed
    module = import_module(f"anymail.webhooks.{provider}")
    views = (view for name, view in getmembers(module) if name.endswith("InboundWebhookView"))
    return next((view.as_view() for view in views if view.__module__ == module.__name__), None)


def _closed(request: HttpRequest) -> HttpResponse:
    """Anybody could write to us in anybody's name."""
    return HttpResponse("Set MAIL_WEBHOOK_SECRET to take in mail from the provider.", status=403)


urlpatterns = urlpatterns_of(settings.MAIL_PROVIDER)
