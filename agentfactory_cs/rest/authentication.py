"""`Authorization: Api-Key …`."""

from django.http import HttpRequest
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from .models import ApiKey
from .principals import KeyHolder
from .services import find_key, note_use

KEYWORD = "Api-Key"


class ApiKeyAuthentication(BaseAuthentication):
    """The request's principal is the key itself: what it does is signed with the key's name."""

    def authenticate(self, request: Request) -> tuple[KeyHolder, ApiKey] | None:
        holder = key_holder(request._request)
        return (holder, holder.key) if holder else None

    def authenticate_header(self, request: Request) -> str:
        return KEYWORD


def key_holder(request: HttpRequest) -> KeyHolder | None:
    """Who shows a key with this request; None where it shows none.

    Looked up once a request: the idempotency middleware asks before the view does. Raises AuthenticationFailed
    on a key that opens nothing.
    """
    secret = _secret_of(request)
    if secret is None:
        return None
    known: KeyHolder | None = getattr(request, "_key_holder", None)
    return known or _look_up(request, secret)


def _secret_of(request: HttpRequest) -> str | None:
    keyword, _, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if keyword.lower() == KEYWORD.lower() else None


def _look_up(request: HttpRequest, secret: str) -> KeyHolder:
    now = timezone.now()
    key = find_key(secret, now=now)
    if key is None:
        raise AuthenticationFailed("This API key is unknown, expired or revoked.")
    note_use(key, now=now)
    holder = KeyHolder(key)
    request._key_holder = holder  # type: ignore[attr-defined]
    return holder
