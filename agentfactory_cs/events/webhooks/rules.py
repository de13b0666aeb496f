"""When a message is posted again, and when an endpoint is given up. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

# After the first attempt, the second, and so on: eleven attempts over three days and a bit.
WAITS: Sequence[timedelta] = (
    timedelta(seconds=5),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
GIVE_UP_AFTER = timedelta(days=1)
# Fewer failures than this within the day say nothing about the endpoint.
FEWEST_FAILURES = 5
GONE = 410


@dataclass(frozen=True)
class Answer:
    """What came of one post. `error` says why it does not count as delivered ("" where it does)."""

    status: int | None
    text: str = ""
    error: str = ""
    took_ms: int = 0


def judged(status: int, text: str, took_ms: int) -> Answer:
    """Only 2xx is a delivery; a redirect is not followed, for nobody has checked where it leads."""
    if 200 <= status < 300:
        return Answer(status, text, "", took_ms)
    if 300 <= status < 400:
        return Answer(status, text, f"It answered {status}: redirects are not followed.", took_ms)
    if status == GONE:
        return Answer(status, text, "It answered 410: it wants no more.", took_ms)
    return Answer(status, text, f"It answered {status}.", took_ms)


def next_attempt(attempts: int, now: datetime, chance: float = 0.0) -> datetime | None:
    """When it is tried again after so many attempts, up to a tenth later by chance (0 to 1); None: not any more."""
    if attempts > len(WAITS):
        return None
    return now + WAITS[attempts - 1] * (1 + chance / 10)


def why_give_up(answer: Answer, failures: int, failing_since: datetime, now: datetime) -> str:
    """Why an endpoint is switched off after this failure; "" where it is not."""
    if answer.status == GONE:
        return "It answered 410: it wants no more."
    if failures >= FEWEST_FAILURES and now - failing_since >= GIVE_UP_AFTER:
        return f"Nothing arrived for a day ({failures} attempts in a row failed). The last time: {answer.error}"[:300]
    return ""
