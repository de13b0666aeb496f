"""Writing down each mail of a batch as it is called up and sent, and not giving up when the database goes away.

One statement a mail marks the one before as `sent` and the next as `sending`, committed without waiting for the disk
(synchronous_commit off): a killed worker forgets nothing by that, only a crash of the database server could. A worker
that lives through one knows what it sent, and says it again.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection

from .models import Email

# So long a worker waits for a database that is away: less than its lease.
PATIENCE_SECONDS = 120

# Prepared once a session: planning it anew took a third of its time. "IS TRUE" keeps the planner from looking through
# the whole batch by the index of claims instead of taking the one row by its key.
_PREPARE = """
DEALLOCATE ALL;
SET synchronous_commit = off;
PREPARE mail_step (bigint, text, timestamptz, text, bigint, integer, timestamptz) AS
WITH done AS (
    UPDATE messaging_email SET state = 'sent', sent_at = $3, provider_id = $4, reason = ''
    WHERE id = $1 AND (message_id = $2) IS TRUE AND state IN ('sending', 'uncertain')
)
UPDATE messaging_email SET state = 'sending', attempts = $6
WHERE id = $5 AND (claimed_at = $7) IS TRUE AND state IN ('waiting', 'sending')
RETURNING id"""
_STEP = "EXECUTE mail_step (%s, %s, %s, %s, %s, %s, %s)"

_AGAIN = """
UPDATE messaging_email AS email
SET state = 'sent', sent_at = said.sent_at, provider_id = said.provider_id, reason = ''
FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[]) AS said (id, sent_at, provider_id)
WHERE email.id = said.id AND email.claimed_at = %s AND email.state IN ('waiting', 'sending', 'uncertain')"""

logger = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True)
class Sent:
    """A mail that the provider took."""

    email: Email
    at: datetime
    provider_id: str


@contextmanager
def session() -> Iterator[None]:
    """What a ledger needs of this connection: commits that do not wait for the disk, and its statement prepared."""
    insist(_open)
    try:
        yield
    finally:
        insist(_close, _close)


def _open() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_PREPARE)


def _close() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL; RESET synchronous_commit")


def insist(step: Callable[[], T], on_return: Callable[[], None] = _open) -> T:
    """Do a step, again after the database comes back (`on_return` first). It must bear being done twice."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    away = False
    while True:
        try:
            if away:
                on_return()
            return step()
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block or time.monotonic() > deadline:
                raise
            away = True
            logger.warning("The database is away in the middle of sending; waiting for it")
            connection.close()
            time.sleep(0.25)


@dataclass
class Ledger:
    """Of one batch, claimed at `stamp`."""

    stamp: datetime
    sent: list[Sent] = field(default_factory=list)
    _open: Sent | None = None

    def call_up(self, email: Email) -> bool:
        """Mark a mail as `sending`; False where it is no more ours: stopped by a person, or the lease ran out."""
        return insist(lambda: self._step(email), self._say_again)

    def was_sent(self, sent: Sent) -> None:
        """Written down with the next step."""
        self.sent.append(sent)
        self._open = sent

    def close(self) -> None:
        """Write down the last."""
        if self._open:
            insist(lambda: self._step(None), self._say_again)

    def _step(self, email: Email | None) -> bool:
        done = self._open
        before = (done.email.pk, done.email.message_id, done.at, done.provider_id) if done else (None,) * 4
        after = (email.pk, email.attempts + 1, self.stamp) if email else (None,) * 3
        with connection.cursor() as cursor:
            cursor.execute(_STEP, [*before, *after])
            found = cursor.fetchone()
        self._open = None
        return found is not None

    def _say_again(self) -> None:
        """The server may have forgotten the last steps, and our connection what it was told."""
        _open()
        if not self.sent:
            return
        rows = [(one.email.pk, one.at, one.provider_id) for one in self.sent]
        with connection.cursor() as cursor:
            cursor.execute(_AGAIN, [*(list(column) for column in zip(*rows, strict=True)), self.stamp])
