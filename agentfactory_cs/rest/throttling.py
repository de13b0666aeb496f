"""So many requests a minute for each key or person."""

import logging
import time
from functools import lru_cache
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from .principals import principal_name

if TYPE_CHECKING:  # REST framework's views import this module by settings
    from rest_framework.views import APIView

logger = logging.getLogger(__name__)

_SECONDS = {"sec": 1, "min": 60, "hour": 3600}


class PrincipalThrottle(BaseThrottle):
    """Counts in fixed windows with one atomic increment; REST framework's own keeps a list of every request.

    Lets everything pass while the cache is down: a limit is there to protect us, not to stop us.
    """

    def allow_request(self, request: Request, view: "APIView") -> bool:
        if not settings.API_RATE:
            return True
        limit, seconds = _parsed(settings.API_RATE)
        window, passed = divmod(time.time(), seconds)
        self._wait = seconds - passed
        try:
            return _count(f"api-rate:{principal_name(request.user)}:{window:.0f}", seconds) <= limit
        except RedisError:
            logger.warning("The request limit is not enforced: the cache does not answer.")
            return True

    def wait(self) -> float:
        return self._wait


def _count(key: str, seconds: int) -> int:
    try:
        return cache.incr(key)
    except ValueError:  # the first of this window
        return 1 if cache.add(key, 1, timeout=2 * seconds) else cache.incr(key)


@lru_cache
def _parsed(rate: str) -> tuple[int, int]:
    """`1200/min` as (1200, 60)."""
    number, _, period = rate.partition("/")
    return int(number), _SECONDS[period]
