"""What the mail provider tells us: the tracking webhook of the provider that is configured, and of no other."""

from importlib import import_module
from inspect import getmembers
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone

from . import tracking

_TOLD: dict[str, str] = {
    "delivered": tracking.Kind.DELIVERED,
    "bounced": tracking.Kind.BOUNCED,
    "complained": tracking.Kind.COMPLAINED,
    "opened": tracking.Kind.OPENED,
    "clicked": tracking.Kind.CLICKED,
    "unsubscribed": tracking.Kind.UNSUBSCRIBED,
    "deferred": tracking.Kind.DEFERRED,
    "rejected": tracking.Kind.REJECTED,
    "failed": tracking.Kind.REJECTED,
}
# A full mailbox or a server that never answered says nothing against the address.
_AGAINST_ADDRESS = {"bounced", "invalid", None}


def take_in(sender: Any, event: Any, esp_name: str, **kwargs: Any) -> None:
    """django-anymail's signal, once for each event of a webhook's request."""
    kind = _TOLD.get(event.event_type)
    if kind is None:
        return
    now = timezone.now()
    tracking.take_in(
        tracking.Told(
            kind=kind,
            address=event.recipient or "",
            message_ids=[one for one in (event.message_id, event.metadata.get("email_message_id")) if one],
            email_id=_number(event.metadata.get("email")),
            detail=event.click_url or event.description or event.mta_response or "",
            event_id=event.event_id or "",
            is_final=event.reject_reason in _AGAINST_ADDRESS,
            happened_at=min(event.timestamp or now, now),
        ),
        now=now,
    )


def _number(value: Any) -> int | None:
    return int(value) if str(value or "").isdecimal() else None


def urlpatterns_of(provider: str) -> list[URLPattern]:
    """`mail/<provider>/tracking/` under /hooks/, where a provider is configured."""
    if not provider:
        return []
    from anymail.signals import tracking as told

    told.connect(take_in, dispatch_uid="messaging.take_in")
    return [path(f"mail/{provider}/tracking/", _view(provider), name="messaging_tracking")]


def _view(provider: str) -> Any:
    if not settings.ANYMAIL.get("WEBHOOK_SECRET"):
        return _closed
    module = import_module(f"anymail.webhooks.{provider}")
    for name, view in getmembers(module):
        if name.endswith(("TrackingWebhookView", "CombinedWebhookView")) and view.__module__ == module.__name__:
            return view.as_view()
    raise ImproperlyConfigured(f"django-anymail has no tracking webhook for MAIL_PROVIDER {provider!r}.")


def _closed(request: HttpRequest) -> HttpResponse:
    """Anybody could say that a mail bounced."""
    return HttpResponse("Set MAIL_WEBHOOK_SECRET to take in what the provider tells.", status=403)


urlpatterns = urlpatterns_of(settings.MAIL_PROVIDER)
