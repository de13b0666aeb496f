"""The pages a customer's reader sees: which topics they get mail about."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from agentfactory_cs.events.tasks import ring

from . import preferences
from .pages import page, page_language
from .unsubscribing import Reader, reader_of


@require_http_methods(["GET", "HEAD", "POST"])
def topics(request: HttpRequest, token: str) -> HttpResponse:
    """GET only shows (mail scanners follow links); POST acts: `leave` a topic or all, or `choose` several."""
    reader = reader_of(token)
    if reader is None:
        return page(request, "unknown_link.html", status=404)
    with translation.override(page_language(reader.contact)):
        if request.method == "POST":
            _act(request, reader)
            return redirect(f"{request.path}?saved")
        choices, saved = preferences.choices(reader.contact), "saved" in request.GET
        return page(request, "topics.html", reader=reader, choices=choices, saved=saved)


def _act(request: HttpRequest, reader: Reader) -> None:
    now = timezone.now()
    if request.POST.get("leave") == "all":
        preferences.leave(reader.contact, None, now=now)
    elif "leave" in request.POST:
        preferences.leave(reader.contact, reader.topic, now=now)
    else:
        preferences.choose(reader.contact, request.POST.getlist("topic"), now=now)
    ring()


# A mail program posts here by itself: it has no cookie of ours, and the signed link is the proof (RFC 8058).
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def one_click(request: HttpRequest, token: str) -> HttpResponse:
    if request.method != "POST":
        return redirect("messaging_topics", token)
    reader = reader_of(token)
    if reader is None:
        return HttpResponse(status=404)
    preferences.leave(reader.contact, reader.topic, now=timezone.now())
    ring()
    return HttpResponse(status=200)
