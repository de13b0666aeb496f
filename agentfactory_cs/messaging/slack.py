"""Slack's mrkdwn, and posting to an incoming webhook.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
"""

from urllib.parse import urlsplit

import httpx
from django.conf import settings

from .outcomes import Permanent, Transient, Uncertain

TIMEOUT_SECONDS = 10
# Slack asks for patience by the second; who asks for more than this is not taken at their word.
MAX_WAIT_SECONDS = 6 * 3600


def is_slacks(address: str) -> bool:
    """Whether it is one of Slack's own addresses."""
    parts = urlsplit(address)
    return parts.scheme == "https" and parts.hostname in settings.SLACK_HOSTS


def allowed_hosts() -> str:
    return ", ".join(settings.SLACK_HOSTS)


def escaped(text: str) -> str:
    """Text as Slack shows it to the letter: the three characters that mean something to it are replaced."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def link(address: str, words: str) -> str:
    return f"<{address}|{escaped(words).replace('|', '¦')}>"


def masked(address: str) -> str:
    """A webhook's address is a secret: whoever has it may post. This much tells one from another."""
    if not address:
        return ""
    parts = httpx.URL(address)
    return f"{parts.scheme}://{parts.host}/…{address[-4:]}"


def post(client: httpx.Client, address: str, text: str) -> None:
    """Post once. Raises Transient, Permanent or Uncertain, which say what to do now; the address is in none of them."""
    try:
        answer = client.post(address, json={"text": text}, timeout=TIMEOUT_SECONDS)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise Transient(f"Slack could not be reached: {error}") from None
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        raise Permanent("This is no address that can be posted to.") from None
    except httpx.HTTPError as error:
        raise Uncertain(f"The connection broke while posting ({type(error).__name__}).") from None
    _judge(answer)


def _judge(answer: httpx.Response) -> None:
    words = f"Slack answered {answer.status_code}: {answer.text[:200].strip() or answer.reason_phrase}"
    if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        raise Transient(words, wait_seconds=_retry_after(answer))
    if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
        raise Transient(words)
    if answer.is_server_error:  # it may have come after the post had appeared
        raise Uncertain(words)
    if not answer.is_success:
        raise Permanent(words)


def _retry_after(answer: httpx.Response) -> float | None:
    asked = answer.headers.get("Retry-After", "")
    return min(float(asked), MAX_WAIT_SECONDS) if asked.isascii() and asked.isdigit() else None
