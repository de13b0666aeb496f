"""Handing out API keys, checking them, taking them back."""

import hashlib
import secrets
from datetime import datetime, timedelta
from hmac import compare_digest

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from .models import ApiKey, IdempotentRequest

# `afcs_` lets secret scanners find a key that was published by mistake.
_BRAND = "afcs"
_USE_IS_NOTED_EVERY = timedelta(hours=1)
ANSWERS_ARE_KEPT = timedelta(hours=24)


@transaction.atomic
def create_key(
    *, name: str, scope: str, expires_at: datetime | None = None, by: User | None = None, now: datetime
) -> tuple[ApiKey, str]:
    """A new key, and its secret, which is not stored and cannot be had again."""
    prefix = secrets.token_hex(4)
    secret = f"{_BRAND}_{prefix}_{secrets.token_urlsafe(32)}"
    if expires_at is not None and expires_at <= now:
        raise ValidationError({"expires_at": "The key would have expired already."})
    key = ApiKey(
        name=name,
        prefix=prefix,
        hashed=_hashed(secret),
        scope=scope,
        expires_at=expires_at,
        created_at=now,
        created_by=by,
    )
    key.full_clean()
    key.save(force_insert=True)
    return key, secret


def revoke_key(key: ApiKey, *, now: datetime) -> bool:
    """The key opens nothing from now on. False where it was revoked before."""
    revoked = ApiKey.objects.filter(pk=key.pk, revoked_at__isnull=True).update(revoked_at=now)
    key.refresh_from_db(fields=("revoked_at",))
    return bool(revoked)


def find_key(secret: str, *, now: datetime) -> ApiKey | None:
    """The usable key with this secret, if there is one."""
    parts = secret.split("_", 2)
    if len(parts) != 3 or parts[0] != _BRAND or not parts[1].isalnum():
        return None
    key = ApiKey.objects.usable(now).filter(prefix=parts[1]).first()
    if key is None or not compare_digest(key.hashed, _hashed(secret)):
        return None
    return key


def note_use(key: ApiKey, *, now: datetime) -> None:
    """Remember that the key was used: once an hour, because a write on every request costs more than it tells."""
    if key.last_used_at is None or now - key.last_used_at > _USE_IS_NOTED_EVERY:
        long_ago = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - _USE_IS_NOTED_EVERY)
        ApiKey.objects.filter(long_ago, pk=key.pk).update(last_used_at=now)


def forget_answers(*, now: datetime) -> int:
    """Drop the answers kept for repeated requests that are older than 24 hours; how many there were."""
    old = IdempotentRequest.objects.filter(created_at__lt=now - ANSWERS_ARE_KEPT)
    return old.delete()[0]


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
