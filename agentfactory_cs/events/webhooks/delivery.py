"""Posting what is due: several at a time, of one endpoint few, so that a slow one keeps nobody else waiting.

The posts are made by threads that know nothing of the database; claiming and settling is done by the one that called.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta

import httpx
from django.utils import timezone

from ..models import WebhookDelivery
from .claiming import claim, free_stale, settle
from .posting import new_client, post, signed
from .rules import Answer

logger = logging.getLogger(__name__)

AT_ONCE = 16
AN_ENDPOINT = 2

Clock = Callable[[], datetime]


def deliver_due(*, clock: Clock = timezone.now, at_most: timedelta = timedelta(minutes=20)) -> int:
    """Post until nothing is due or `at_most` is over; returns how many posts were made. Any number may work so."""
    free_stale(now=clock())
    ends, made = time.monotonic() + at_most.total_seconds(), 0
    under_way: dict[Future[Answer], WebhookDelivery] = {}
    with new_client() as client, ThreadPoolExecutor(AT_ONCE) as pool:
        while True:
            busy = Counter(row.endpoint_id for row in under_way.values())
            room = AT_ONCE - len(under_way) if time.monotonic() < ends else 0
            for row in claim(busy, most=room, an_endpoint=AN_ENDPOINT, now=clock()) if room else ():
                under_way[pool.submit(_attempt, client, row, clock())] = row
                made += 1
            if not under_way:
                return made
            for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                settle(under_way.pop(future), future.result(), now=clock())


def _attempt(client: httpx.Client, row: WebhookDelivery, now: datetime) -> Answer:
    endpoint = row.endpoint
    try:
        headers = signed(row.message_id, row.body, endpoint.secrets_at(now), now)
        return post(client, endpoint.address, row.body, headers)
    except Exception as error:  # one message that nobody foresaw must not keep all others waiting
        logger.exception("The webhook delivery %s cannot be posted", row.pk)
        return Answer(None, "", f"It cannot be posted: {type(error).__name__}: {error}")
