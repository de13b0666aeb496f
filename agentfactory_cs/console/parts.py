"""Parts of a page that load on their own: who may see them, and what stands there when one breaks.

A broken part shows an error in its place and is logged; the page around it, and the other parts, go on.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

logger = logging.getLogger(__name__)


def allowed(user: User | AnonymousUser, permission: str | None) -> bool:
    return permission is None or user.has_perm(permission)


def respond(
    request: HttpRequest,
    key: str,
    template: str,
    frame: Mapping[str, Any],
    context: Callable[[], Mapping[str, Any] | None],
) -> HttpResponse:
    """The part's HTML; nothing where it has nothing to show; an error in its place where it broke.

    Answered with 200 even when broken, because htmx shows nothing else: the log has the exception.
    """
    try:
        # A failed query must not take the rest of a surrounding transaction with it.
        with transaction.atomic():
            filled = context()
            if filled is None:
                return HttpResponse("")
            return HttpResponse(render_to_string(template, {**frame, **filled}, request))
    except PermissionDenied:
        raise
    except Exception:
        logger.exception("The part %s could not be shown.", key)
        return HttpResponse(render_to_string("admin/parts/broken.html", dict(frame), request))
