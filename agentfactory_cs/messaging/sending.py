"""Sending the mails that are due: claimed by the hundred, called up and sent one by one over one connection.

Any number of workers may run `deliver_due` at a time. docs/messaging.md tells the whole way of a mail.
"""

import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from agentfactory_cs.customers.models import Company

from . import pace
from .claiming import Batch, claim
from .failures import Misconfigured, Unreachable
from .ledger import Ledger, Sent, insist, quick_commits
from .letter import Sender
from .models import Email
from .outcomes import NotSent, Transient
from .settling import note_failure, put_off, release, tell_of_sent
from .sweeping import sweep
from .transport import Transport

BATCH = 100
logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]


@dataclass
class Delivered:
    """What a run did; `stopped` says why it ended before everything due was sent."""

    sent: int = 0
    seen: int = 0
    stopped: str = ""


def deliver_due(
    *,
    clock: Clock = timezone.now,
    at_most: timedelta = timedelta(minutes=40),
    pause: Callable[[float], None] = time.sleep,
) -> Delivered:
    """Send what is due until nothing is left, `at_most` is over, or the provider refuses us."""
    run = _Run(clock, pause)
    insist(lambda: sweep(now=clock()))
    ends = clock() + at_most
    with quick_commits():
        try:
            while not run.done.stopped and clock() < ends and run.next_batch():
                pass
        finally:
            run.transport.close()
    return run.done


class _Run:
    def __init__(self, clock: Clock, pause: Callable[[float], None]) -> None:
        self.clock, self.pause = clock, pause
        self.provider = pace.provider()
        self.transport = Transport(Sender.of(Company.get()))
        self.done = Delivered()

    def next_batch(self) -> bool:
        """Claim and send one; False where nothing is due."""
        leave = insist(lambda: pace.take(self.provider, BATCH, self.clock()))
        if not leave.mails:
            return self._wait(leave)
        batch = insist(lambda: claim(leave.mails, now=self.clock()))
        pace.give_back(self.provider, leave.mails - len(batch.emails))
        self.done.seen += batch.seen
        if batch.emails:
            self._send(batch)
        return batch.seen > 0

    def _wait(self, leave: pace.Leave) -> bool:
        if leave.wait_seconds is None:
            self.done.stopped = "The provider refused us not long ago."
            return False
        if not Email.objects.due(self.clock()).exists():
            return False
        self.pause(leave.wait_seconds)
        return True

    def _send(self, batch: Batch) -> None:
        ledger, rest = Ledger(batch.stamp), deque(batch.emails)
        # A batch is given up well before its lease runs out, and the rest of it released.
        while rest and not self.done.stopped and self.clock() - batch.stamp < Email.LEASE / 2:
            if self._is_ready(rest):
                self._send_one(rest.popleft(), ledger)
        ledger.close()
        insist(lambda: release(rest))
        insist(lambda: tell_of_sent([sent.email for sent in ledger.sent], now=self.clock()))
        self.done.sent += len(ledger.sent)
        if ledger.sent and not self.done.stopped:
            insist(lambda: pace.go_on(self.provider))

    def _is_ready(self, rest: "deque[Email]") -> bool:
        try:
            self.transport.make_ready()
        except NotSent as failure:
            if isinstance(failure, Transient):
                self._note(put_off, rest, failure)
            self._stop(failure)
            return False
        return True

    def _send_one(self, email: Email, ledger: Ledger) -> None:
        if not ledger.call_up(email):
            return
        try:
            provider_id = self.transport.send(email)
        except NotSent as failure:
            self._note(note_failure, email, failure)
            if isinstance(failure, Misconfigured | Unreachable):
                self._stop(failure)
            return
        ledger.was_sent(Sent(email, self.clock(), provider_id))

    def _note(self, write: Callable[..., None], what: Any, failure: NotSent) -> None:
        insist(lambda: write(what, failure, now=self.clock()))

    def _stop(self, failure: NotSent) -> None:
        self.done.stopped = str(failure)
        logger.error("No mail is sent: %s", failure)
        if isinstance(failure, Misconfigured):
            insist(lambda: pace.stop(self.provider, str(failure), self.clock()))
