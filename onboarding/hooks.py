"""What the platform tells us: POST /hooks/agentfactory/, signed over its raw body."""

import hashlib
import hmac

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from . import deliveries, tasks

MAX_BYTES = 256 * 1024
SIGNATURE = "X-AgentFactory-Signature"


@csrf_exempt
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """200 at once: what it means is worked out afterwards. 401, 413 and 400 store nothing."""
    raw = _body(request)
    if raw is None:
        return _refusal(413, f"A delivery has at most {MAX_BYTES} bytes.")
    if not is_signed(raw, request.headers.get(SIGNATURE, "")):
        return _refusal(401, f"{SIGNATURE} is missing or wrong.")
    try:
        delivery, is_new = deliveries.take_in(raw, now=timezone.now())
    except deliveries.BadDelivery as error:
        return _refusal(400, str(error))
    # Conversations come by the thousand; the next tick is soon enough for them.
    if is_new and not deliveries.is_of_conversation(delivery.event):
        tasks.ring_for_deliveries()
    return JsonResponse({"status": "taken" if is_new else "known"})


def is_signed(raw: bytes, header: str) -> bool:
    """Whether the header holds the HMAC-SHA256 of the body; never without a secret."""
    secret = settings.AGENTFACTORY_WEBHOOK_SECRET
    kind, _, given = header.partition("=")
    if not secret or kind.strip().lower() != "sha256":
        return False
    wanted = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted.encode(), given.strip().lower().encode())


def _body(request: HttpRequest) -> bytes | None:
    """None where it is too large: then it is not even read."""
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
        return request.body if length <= MAX_BYTES else None
    except (RequestDataTooBig, ValueError):
        return None


def _refusal(status: int, why: str) -> JsonResponse:
    return JsonResponse({"error": {"message": why}}, status=status)


urlpatterns = [path("agentfactory/", receive, name="onboarding_platform")]
