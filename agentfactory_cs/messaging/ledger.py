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

_STEP = """
WITH done AS (
    UPDATE messaging_email
    SET state = 'sent', sent_at = %(sent_at)s, provider_id = %(provider_id)s, reason = ''
    WHERE id = %(done)s AND message_id = %(message_id)s AND state IN ('sending', 'uncertain')
)
UPDATE messaging_email SET state = 'sending', attempts = %(attempts)s
WHERE id = %(next)s AND claimed_at = %(stamp)s AND state IN ('waiting', 'sending')
RETURNING id"""

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
def quick_commits() -> Iterator[None]:
    """Commits of this connection do not wait for the disk."""
    _set_commits("off")
    try:
        yield
    finally:
        insist(lambda: _set_commits("on"))


def _set_commits(mode: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET synchronous_commit = {mode}")


def insist(step: Callable[[], T], on_return: Callable[[], None] = lambda: None) -> T:
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
        values = {
            "done": done.email.pk if done else None,
            "message_id": done.email.message_id if done else None,
            "sent_at": done.at if done else None,
            "provider_id": done.provider_id if done else None,
            "next": email.pk if email else None,
            "attempts": email.attempts + 1 if email else None,
            "stamp": self.stamp,
        }
        with connection.cursor() as cursor:
            cursor.execute(_STEP, values)
            found = cursor.fetchone()
        self._open = None
        return found is not None

    def _say_again(self) -> None:
        """The server may have forgotten the last steps, and our connection what it was told."""
        _set_commits("off")
        if not self.sent:
            return
        rows = [(one.email.pk, one.at, one.provider_id) for one in self.sent]
        with connection.cursor() as cursor:
            cursor.execute(_AGAIN, [*(list(column) for column in zip(*rows, strict=True)), self.stamp])
