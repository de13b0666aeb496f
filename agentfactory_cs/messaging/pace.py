"""How fast mail may go out by a provider, over all workers together, and whether it may at all."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection

from .models import SendingPace

# A provider that refuses us as a whole is asked again after this, with one mail.
STOP_FOR = timedelta(minutes=15)

_MAKE = """
INSERT INTO messaging_sendingpace (provider, per_second, tokens, refilled_at, stop_reason)
VALUES (%(provider)s, %(per_second)s, %(per_second)s, %(now)s, '') ON CONFLICT DO NOTHING"""

# Refilled for the time since the last refill, up to one second's worth; then as many whole tokens as are wanted and
# there. In one statement: the row's lock makes workers take turns.
_TAKE = """
WITH filled AS (
    SELECT provider, per_second,
           LEAST(GREATEST(per_second, 1), tokens + per_second
                 * GREATEST(EXTRACT(EPOCH FROM %(now)s::timestamptz - refilled_at), 0)) AS tokens
    FROM messaging_sendingpace WHERE provider = %(provider)s FOR UPDATE
)
UPDATE messaging_sendingpace AS pace
SET tokens = filled.tokens - LEAST(%(wanted)s, floor(filled.tokens)), refilled_at = GREATEST(refilled_at, %(now)s)
FROM filled
WHERE pace.provider = filled.provider AND filled.per_second > 0
      AND (pace.stopped_until IS NULL OR pace.stopped_until <= %(now)s)
RETURNING LEAST(%(wanted)s, floor(filled.tokens))::integer"""


@dataclass(frozen=True)
class Leave:
    """How many mails may be sent now; where none, `wait_seconds` says when to ask again (None: not in this run)."""

    mails: int
    wait_seconds: float | None = None


def provider() -> str:
    """Which way mail goes: a provider's name, `smtp`, or `files`."""
    if settings.MAIL_PROVIDER:
        return str(settings.MAIL_PROVIDER)
    module = settings.EMAIL_BACKEND.rpartition(".")[0]
    return str(module.rpartition(".")[2])


def pace_of(name: str, now: datetime) -> SendingPace:
    """The provider's row, made when first asked for: 50 mails a second, files as many as there are."""
    per_second = 0 if name == "files" else SendingPace._meta.get_field("per_second").default
    with connection.cursor() as cursor:
        cursor.execute(_MAKE, {"provider": name, "per_second": per_second, "now": now})
    return SendingPace.objects.get(pk=name)


def take(name: str, wanted: int, now: datetime) -> Leave:
    """Leave to send up to `wanted` mails now. What is not used goes back by `give_back`."""
    pace = pace_of(name, now)
    if pace.stopped_until and pace.stopped_until > now:
        return Leave(0)
    if pace.stopped_until:
        # It is tried again, with one mail: the others wait for what becomes of that.
        wanted = 1
    if pace.per_second == 0:
        return Leave(wanted)
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"provider": name, "wanted": wanted, "now": now})
        row = cursor.fetchone()
    if row and row[0]:
        return Leave(row[0])
    # A tenth of a second's mails at a time: waiting for each one would ask the database as often as it sends.
    return Leave(0, max(1 / pace.per_second, 0.1))


def give_back(name: str, unused: int) -> None:
    if unused:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE messaging_sendingpace SET tokens = tokens + %s WHERE provider = %s AND per_second > 0",
                [unused, name],
            )


def stop(name: str, reason: str, now: datetime) -> None:
    """Nobody asks this provider for a while: it refuses us as a whole."""
    SendingPace.objects.filter(pk=name).update(stopped_until=now + STOP_FOR, stop_reason=reason)


def go_on(name: str) -> None:
    """The provider takes mail again."""
    SendingPace.objects.filter(pk=name, stopped_until__isnull=False).update(stopped_until=None, stop_reason="")


def try_again(name: str, now: datetime) -> None:
    """A person has put right what the provider complained of: one mail is tried at once."""
    SendingPace.objects.filter(pk=name, stopped_until__gt=now).update(stopped_until=now)
