"""For load balancers: can this process reach what it needs?"""

from collections.abc import Callable

import redis
from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from redis.exceptions import RedisError

_PATIENCE_SECONDS = 2


@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when database and broker answer, otherwise 503 naming which does not."""
    parts = {"database": _answers(_ask_database), "broker": _answers(_ask_broker)}
    words = {part: "ok" if is_up else "down" for part, is_up in parts.items()}
    return JsonResponse(words, status=200 if all(parts.values()) else 503)


def _answers(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except (Error, RedisError):
        return False
    return True


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _ask_broker() -> None:
    with redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=_PATIENCE_SECONDS, socket_connect_timeout=_PATIENCE_SECONDS
    ) as client:
        client.ping()
