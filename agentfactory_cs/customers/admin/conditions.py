"""What the editor of conditions asks for while somebody edits: the rest of a row, and how many customers fit."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from ..conditions.counting import MOST_SECONDS, count_fitting
from ..conditions.form import ShownRow, read_condition
from ..conditions.typed import TypedRow


def condition_urls(view: object) -> list[URLPattern]:
    """Beneath the customers' list; `view` is the admin site's wrapper."""
    assert callable(view)
    return [
        path("conditions/row/", view(require_GET(condition_row)), name="customers_condition_row"),
        path("conditions/count/", view(require_POST(condition_count)), name="customers_condition_count"),
    ]


def condition_row(request: HttpRequest) -> HttpResponse:
    """Operator and value as they fit a fact (`fact`), for the row `name`."""
    _require_view(request)
    name, fact = request.GET.get("name", "")[:200], request.GET.get("fact", "")
    return render(request, "admin/conditions/rest.html", {"row": ShownRow(name, TypedRow(fact))})


def condition_count(request: HttpRequest) -> HttpResponse:
    """The condition that was sent under `name`, as a sentence, and how many customers it fits now."""
    _require_view(request)
    context: dict[str, object] = {"most_seconds": MOST_SECONDS}
    try:
        condition = read_condition(request.POST, request.POST.get("name", ""))
    except ValidationError as refusal:
        context |= {"problems": refusal.messages}
    else:
        context |= {"condition": condition, "fitting": count_fitting(condition, now=timezone.now())}
    return render(request, "admin/conditions/count.html", context)


def _require_view(request: HttpRequest) -> None:
    if not request.user.has_perm("customers.view_customer"):
        raise PermissionDenied
