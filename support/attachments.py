"""Handing out files that came with messages: never shown in the browser, only to whoever may see them."""

from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest
from django.shortcuts import get_object_or_404

from .models import Attachment

MAY_DOWNLOAD = "support.view_attachment"


def download(request: HttpRequest, pk: int) -> FileResponse:
    """The file, to be saved: what strangers send must not run as a page of ours. 404 where none was kept."""
    if not request.user.has_perm(MAY_DOWNLOAD):
        raise PermissionDenied
    attachment = get_object_or_404(Attachment, pk=pk)
    if not attachment.file:
        raise Http404(attachment.refused_because or "This file was not kept.")
    try:
        content = attachment.file.open("rb")
    except FileNotFoundError:
        raise Http404("The file is gone from the disk.") from None
    answer = FileResponse(
        content, as_attachment=True, filename=attachment.name, content_type="application/octet-stream"
    )
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer["Cache-Control"] = "private, no-store"
    return answer
