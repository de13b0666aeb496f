"""How often the platform may be called, over all workers together, and whether it may be at all."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from ..models import PlatformPace

NAME = "platform"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
# A platform whose clock runs wild is not taken at its word for longer.
LONGEST_REFUSAL = timedelta(hours=1, minutes=5)

_MAKE = """
INSERT INTO onboarding_platformpace (name, minute_began_at, minute_calls, hour_began_at, hour_calls, closed_because)
VALUES (%(name)s, %(now)s, 0, %(now)s, 0, '') ON CONFLICT DO NOTHING"""

# Counted in one statement, so that the row's lock makes workers take turns. A window begins with its first call.
_TAKE = """
WITH held AS (
    SELECT name,
           CASE WHEN minute_began_at <= %(now)s - %(minute)s THEN 0 ELSE minute_calls END AS of_minute,
           CASE WHEN hour_began_at <= %(now)s - %(hour)s THEN 0 ELSE hour_calls END AS of_hour
    FROM onboarding_platformpace WHERE name = %(name)s FOR UPDATE
)
UPDATE onboarding_platformpace AS pace
SET minute_calls = of_minute + 1, minute_began_at = CASE WHEN of_minute = 0 THEN %(now)s ELSE minute_began_at END,
    hour_calls = of_hour + 1, hour_began_at = CASE WHEN of_hour = 0 THEN %(now)s ELSE hour_began_at END
FROM held
WHERE pace.name = held.name AND of_minute < %(per_minute)s AND of_hour < %(per_hour)s
      AND (closed_until IS NULL OR closed_until <= %(now)s)
RETURNING pace.name"""

_CLOSE = """
UPDATE onboarding_platformpace SET closed_until = %(until)s, closed_because = %(because)s
WHERE name = %(name)s AND (closed_until IS NULL OR closed_until < %(until)s)"""


@dataclass(frozen=True)
class Refusal:
    """Nobody may call before `until`."""

    until: datetime
    because: str


def take(now: datetime) -> Refusal | None:
    """Leave for one call: None where it may be made. Counted whatever becomes of the call."""
    limits: dict[str, Any] = {
        "per_minute": settings.AGENTFACTORY_CALLS_PER_MINUTE,
        "per_hour": settings.AGENTFACTORY_CALLS_PER_HOUR,
    }
    limits |= {"minute": MINUTE, "hour": HOUR}
    with connection.cursor() as cursor:
        cursor.execute(_MAKE, {"name": NAME, "now": now})
        cursor.execute(_TAKE, {"name": NAME, "now": now, **limits})
        if cursor.fetchone():
            return None
    return refusal(now) or Refusal(now + timedelta(seconds=1), "Other workers were faster.")


def refusal(now: datetime) -> Refusal | None:
    """Why nobody may call just now, and until when; None where one may."""
    pace = PlatformPace.objects.filter(pk=NAME).first()
    if pace is None:
        return None
    if pace.closed_until and pace.closed_until > now:
        return Refusal(pace.closed_until, pace.closed_because)
    windows = (
        (pace.hour_began_at + HOUR, pace.hour_calls, settings.AGENTFACTORY_CALLS_PER_HOUR, "an hour"),
        (pace.minute_began_at + MINUTE, pace.minute_calls, settings.AGENTFACTORY_CALLS_PER_MINUTE, "a minute"),
    )
    for until, calls, most, word in windows:
        if calls >= most and until > now:
            return Refusal(until, f"The platform allows {most} calls {word}.")
    return None


def close(until: datetime, because: str, *, now: datetime) -> datetime:
    """Nobody calls before `until`, or a later moment that is set already; returns the moment."""
    until = min(until, now + LONGEST_REFUSAL)
    with connection.cursor() as cursor:
        cursor.execute(_MAKE, {"name": NAME, "now": now})
        cursor.execute(_CLOSE, {"name": NAME, "until": until, "because": because[:300]})
    return until


def open_again() -> None:
    """A person has put right what the platform complained of: it is called at once."""
    PlatformPace.objects.filter(pk=NAME).update(closed_until=None, closed_because="")
