"""One post over HTTP, signed; whatever happens becomes an Answer."""

import time
from datetime import UTC, datetime

import httpx
from standardwebhooks import Webhook

from .guard import Forbidden, place_of
from .rules import Answer, judged

TIMEOUT = httpx.Timeout(10, connect=5)
# An answer that drips is listened to no longer than this.
MOST_SECONDS = 20
MOST_BYTES = 1_024


def new_client() -> httpx.Client:
    """For any number of threads. Without proxies and passwords from the environment, and without connections kept
    open: one made for a name must not be used for another at the same IP address."""
    fresh = httpx.Limits(max_keepalive_connections=0)
    return httpx.Client(follow_redirects=False, timeout=TIMEOUT, trust_env=False, limits=fresh)


def signed(message_id: str, body: str, secrets: list[str], now: datetime) -> dict[str, str]:
    """The headers by which a receiver knows the message, its moment, and that it is ours."""
    moment = now.astimezone(UTC)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(message_id, moment, body) for secret in secrets),
        "content-type": "application/json",
        "user-agent": "AgentFactory-CS-Webhooks/1",
    }


def post(client: httpx.Client, address: str, body: str, headers: dict[str, str]) -> Answer:
    begun = time.monotonic()
    try:
        place = place_of(address)
        with client.stream(
            "POST",
            place.address,
            headers={**headers, "host": place.host},
            extensions={"sni_hostname": place.name},
            content=body.encode(),
        ) as answer:
            text = _beginning(answer, begun + MOST_SECONDS)
            return judged(answer.status_code, text, _since(begun))
    except Forbidden as refusal:
        return Answer(None, "", str(refusal), _since(begun))
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
        return Answer(None, "", _words(error), _since(begun))


def _beginning(answer: httpx.Response, deadline: float) -> str:
    """The first kilobyte; who answers more, or forever, is not listened to."""
    found = b""
    for chunk in answer.iter_bytes():
        found += chunk
        if len(found) >= MOST_BYTES or time.monotonic() > deadline:
            break
    return found[:MOST_BYTES].decode(errors="replace").replace("\0", "")


def _since(begun: float) -> int:
    return round((time.monotonic() - begun) * 1_000)


def _words(error: Exception) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "It did not answer in time."
    if isinstance(error, httpx.ConnectError | OSError):
        return f"It could not be reached: {error}"
    return f"The connection broke: {type(error).__name__}: {error}"
