"""Idempotency-Key: a POST that is sent again acts once and gets the same answer.

The record of the request is inserted in the transaction of its effect, so that both are there or neither is.
A second request with the same key waits at the unique index until the first has committed.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed

from .authentication import key_holder
from .models import IdempotentRequest
from .principals import principal_name
from .services import ANSWERS_ARE_KEPT

HEADER = "Idempotency-Key"
MAX_LENGTH = 255
WAIT = "10s"
_LOCK_NOT_AVAILABLE = "55P03"
# Nothing happened, and something else may happen next time: such an answer must not stick. A 409 speaks of a moment
# (a deadlock, a customer that was just deleted, an address somebody held), and asks to be sent again.
_NOT_KEPT = {401, 403, 409, 429}
_KEPT_HEADERS = ("Content-Type", "Location")

_CLAIM = """
INSERT INTO rest_idempotentrequest AS kept (principal, key, fingerprint, status, headers, body, created_at)
VALUES (%s, %s, %s, 0, '{}', '', %s)
ON CONFLICT (principal, key) DO UPDATE
SET fingerprint = EXCLUDED.fingerprint, status = 0, created_at = EXCLUDED.created_at
WHERE kept.created_at < %s
RETURNING id
"""

GetResponse = Callable[[HttpRequest], HttpResponse]


class IdempotencyMiddleware:
    """Wraps POSTs under /api/ that name a key; everything else passes untouched."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        key = request.headers.get(HEADER)
        if key is None or request.method != "POST" or not request.path.startswith("/api/"):
            return self.get_response(request)
        principal = _principal(request)
        if principal is None:  # the view answers 401
            return self.get_response(request)
        if not (0 < len(key) <= MAX_LENGTH and key.isascii() and key.isprintable()):
            return _refuse(400, "invalid_idempotency_key", f"{HEADER} has 1 to {MAX_LENGTH} printable characters.")
        try:
            fingerprint = _fingerprint(request)
        except RequestDataTooBig:
            return _refuse(413, "too_large", "The body is too large; send it in parts.")
        return self._once(request, principal, key, fingerprint)

    def _once(self, request: HttpRequest, principal: str, key: str, fingerprint: str) -> HttpResponse:
        with transaction.atomic():
            try:
                row = _claim(principal, key, fingerprint, now=timezone.now())
            except OperationalError as error:
                if getattr(error.__cause__, "pgcode", None) != _LOCK_NOT_AVAILABLE:
                    raise
                transaction.set_rollback(True)
                return _refuse(409, "in_progress", f"A request with this {HEADER} is still being worked on.")
            if row is None:
                return _answer_again(IdempotentRequest.objects.get(principal=principal, key=key), fingerprint)
            response = self.get_response(request)
            if response.status_code >= 500 or response.status_code in _NOT_KEPT:
                transaction.set_rollback(True)
            else:
                _keep(row, response)
            return response


def _principal(request: HttpRequest) -> str | None:
    try:
        holder = key_holder(request)
    except AuthenticationFailed:
        return None
    if holder is not None:
        return principal_name(holder)
    return principal_name(request.user) if request.user.is_authenticated else None


def _fingerprint(request: HttpRequest) -> str:
    digest = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    digest.update(request.body)
    return digest.hexdigest()


def _claim(principal: str, key: str, fingerprint: str, *, now: datetime) -> int | None:
    """The id of the record of this request, new or taken over from an expired one; None for a repeat.

    Waits for a request with the same key that is under way; OperationalError when that takes too long.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [WAIT])
        cursor.execute(_CLAIM, [principal, key, fingerprint, now, now - ANSWERS_ARE_KEPT])
        row = cursor.fetchone()
        cursor.execute("SET LOCAL lock_timeout TO DEFAULT")
    return row[0] if row else None


def _answer_again(kept: IdempotentRequest, fingerprint: str) -> HttpResponse:
    if kept.fingerprint != fingerprint:
        return _refuse(422, "idempotency_key_reused", f"This {HEADER} came with another request; use a new one.")
    response = HttpResponse(bytes(kept.body), status=kept.status, headers=kept.headers)
    response["Idempotent-Replayed"] = "true"
    return response


def _keep(row: int, response: HttpResponse) -> None:
    headers = {name: response[name] for name in _KEPT_HEADERS if name in response}
    IdempotentRequest.objects.filter(pk=row).update(status=response.status_code, headers=headers, body=response.content)


def _refuse(status: int, code: str, detail: str) -> JsonResponse:
    body: dict[str, Any] = {"type": "client_error", "errors": [{"code": code, "detail": detail, "attr": None}]}
    return JsonResponse(body, status=status)
