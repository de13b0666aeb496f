"""Feeding events to whoever acts on them: once each, in order, after the transaction that recorded them.

An app registers a consumer in its `triggers.py`. A consumer's place in the order of events is a row; a worker
locks it, reads the next events, hands them over and moves the place on, all in one transaction: what the
consumer writes and that it has read commit together. Two workers never feed the same consumer at a time.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from agentfactory_cs.registry import Registry

from .models import Event, Follower

BATCH = 500
# A consumer that has failed so often at the same place is left alone until a person has looked.
MAX_FAILURES = 20

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Consumer:
    """Acts on events. `handle(events, now)` gets them in order, a batch at a time, within a transaction; what it
    writes must go by the database alone. A new consumer begins with what is recorded from now on.
    """

    key: str
    label: str
    handle: Callable[[Sequence[Event], datetime], None]


consumers: Registry[Consumer] = Registry("consumer of events")


def feed_all(*, now: datetime) -> int:
    """Feed every consumer what it has not had yet; returns how many events were handed over.

    One consumer's failure is noted on its row and holds up no other.
    """
    return sum(_feed(consumer, now=now) for consumer in consumers)


def _feed(consumer: Consumer, *, now: datetime) -> int:
    fed = 0
    Follower.begin(consumer.key, now=now)
    try:
        while count := feed_once(consumer, now=now):
            fed += count
    except Exception as error:
        logger.exception("The consumer %s failed; it is tried again from the same place.", consumer.key)
        Follower.note_failure(consumer.key, error, now=now)
    return fed


@transaction.atomic
def feed_once(consumer: Consumer, *, now: datetime) -> int:
    """Hand one batch over; 0 where there is nothing new, or another worker is at it."""
    follower = Follower.take(consumer.key)
    if follower is None or follower.failures >= MAX_FAILURES:
        return 0
    events = list(Event.objects.following(follower.place).select_related("customer")[:BATCH])
    if events:
        consumer.handle(events, now)
        follower.move_to((events[-1].transaction, events[-1].pk), now=now)
    return len(events)
