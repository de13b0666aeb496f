"""How often one link may be used: against a form that is posted in a loop, not against people."""

import logging
from datetime import datetime

from django.core.cache import cache
from redis.exceptions import RedisError

PER_MINUTE = 60

logger = logging.getLogger(__name__)


def is_too_often(key: str, now: datetime) -> bool:
    """Whether this use is beyond PER_MINUTE. Lets everything pass while the cache is down: it is to protect us."""
    window = f"page-rate:{key}:{int(now.timestamp()) // 60}"
    try:
        cache.add(window, 0, timeout=120)
        return cache.incr(window) > PER_MINUTE
    except (RedisError, ValueError):  # ValueError: it ran out in between
        logger.warning("How often links are used is not limited: the cache does not answer.")
        return False
