"""A message as it was sent: its HTML, cleaned when it came in, in a frame in which nothing runs and nothing loads."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from ..models import Message

# An image from elsewhere tells its sender who read the mail, and when: intake puts this before its address.
_BLOCKED, _LET_IN = 'src="remote:', 'src="'
_PAGE = (
    '<!doctype html><html lang="{}"><meta charset="utf-8"><meta name="referrer" content="no-referrer">'
    "<style>body{{font:14px/1.5 system-ui,sans-serif;color:#101828;background:#fff;margin:8px;overflow-wrap:anywhere}}"
    "img{{max-width:100%;height:auto}}blockquote{{border-left:3px solid #d0d5dd;margin:0;padding-left:12px}}</style>"
    "<body>{}</body></html>"
)
_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src {}; frame-ancestors 'self'"
)


@require_GET
def message_html(request: HttpRequest, pk: int) -> HttpResponse:
    """With `?images=1` those from elsewhere are loaded."""
    if not request.user.has_perm("support.view_message"):
        raise PermissionDenied
    message = get_object_or_404(Message.objects.select_related("ticket"), pk=pk)
    with_images = request.GET.get("images") == "1"
    html = message.html.replace(_BLOCKED, _LET_IN) if with_images else message.html
    answer = HttpResponse(_PAGE.format(message.ticket.language, html))
    answer["Content-Security-Policy"] = _POLICY.format("data: https: http:" if with_images else "data:")
    answer["Referrer-Policy"] = "no-referrer"
    answer["Cache-Control"] = "private, no-store"
    return answer
