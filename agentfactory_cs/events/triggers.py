"""The consumer that turns events into outgoing webhooks."""

from collections.abc import Sequence
from datetime import datetime

from .consumers import Consumer, consumers
from .models import Event
from .tasks import ring_for_webhooks
from .webhooks.queueing import on_events


def _queue(events: Sequence[Event], now: datetime) -> None:
    if on_events(events, now):
        ring_for_webhooks()


consumers.register(Consumer("events.webhooks", "Outgoing webhooks", _queue))
