"""The requests behind a page's parts: one panel, one card, one key figure."""

from collections.abc import Mapping
from typing import Any

from django.apps import apps
from django.contrib.auth import get_permission_codename
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from .dashboard import read_figure, scope_of
from .parts import allowed, respond
from .registry import Kpi, Panel, cards, kpis, panels


def _find(registry: Any, key: str) -> Any:
    try:
        return registry.get(key)
    except LookupError as unknown:
        raise Http404(str(unknown)) from None


@require_GET
def panel(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """A panel of a thing's page. With `?part` only its inside, for what loads more of it in place."""
    return panel_response(request, _find(panels, key), pk)


def panel_response(request: HttpRequest, item: Panel, pk: int) -> HttpResponse:
    """The panel as it stands now; also the answer to an action inside it."""
    model = apps.get_model(item.subject)
    view = f"{model._meta.app_label}.{get_permission_codename('view', model._meta)}"
    if not (allowed(request.user, view) and allowed(request.user, item.permission)):
        raise PermissionDenied
    thing = get_object_or_404(model, pk=pk)
    template = item.template if "part" in request.GET else "admin/parts/panel.html"
    frame = {"panel": item, "subject": thing}
    return respond(request, item.key, template, frame, lambda: item.context(request, thing))


@require_GET
def card(request: HttpRequest, key: str) -> HttpResponse:
    item = _find(cards, key)
    if not allowed(request.user, item.permission):
        raise PermissionDenied
    scope = scope_of(request)
    frame = {"card": item, "scope": scope}
    return respond(request, item.key, "admin/parts/card.html", frame, lambda: item.context(request, scope))


@require_GET
def figure(request: HttpRequest, key: str) -> HttpResponse:
    item: Kpi = _find(kpis, key)
    if not allowed(request.user, item.permission):
        raise PermissionDenied
    scope = scope_of(request)

    def context() -> Mapping[str, Any]:
        return {"figure": read_figure(item, scope)}

    return respond(request, item.key, "admin/parts/figure.html", {"kpi": item, "scope": scope}, context)
