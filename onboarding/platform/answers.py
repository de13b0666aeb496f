"""What the platform's answers mean. Some deployments wrap errors in `error`, others say a plain `detail`."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from django.conf import settings

from . import pace
from .failures import Closed, Misconfigured, Permanent, Transient

# Where a refusal names no moment to come back at.
USUAL_REFUSAL = timedelta(minutes=1)
MOST_WORDS = 300


def judge(answer: httpx.Response, content: bytes, *, now: datetime) -> Mapping[str, Any]:
    """The object in a good answer. Raises what any other means."""
    status, data = answer.status_code, data_of(answer, content)
    if status == httpx.codes.TOO_MANY_REQUESTS:
        raise _refused(answer, now)
    if answer.is_server_error or status in (httpx.codes.REQUEST_TIMEOUT, httpx.codes.TOO_EARLY):
        raise Transient(_words(status, data))
    if data is None:
        raise Misconfigured(f"What answered {status} at AGENTFACTORY_API_URL is not the platform's API.")
    if status == httpx.codes.UNAUTHORIZED:
        raise Misconfigured(f"The platform refuses AGENTFACTORY_API_KEY. {_words(status, data)}")
    if not answer.is_success:
        raise Permanent(_words(status, data), status)
    return data


def data_of(answer: httpx.Response, content: bytes) -> Mapping[str, Any] | None:
    """The JSON object of an answer; None where it is none, or where somebody sends us elsewhere."""
    if answer.is_redirect:
        return None
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def redacted(words: str) -> str:
    """Without our key, should somebody repeat it."""
    key = settings.AGENTFACTORY_API_KEY
    return words.replace(key, "…") if key else words


def _refused(answer: httpx.Response, now: datetime) -> Closed:
    """Too many calls: nobody calls before the moment the platform names."""
    until = max(reset_of(answer) or now + USUAL_REFUSAL, now + timedelta(seconds=1))
    because = "The platform refused a call: the limit of calls is used up."
    return Closed(because, pace.close(until, because, now=now))


def reset_of(answer: httpx.Response) -> datetime | None:
    """When the platform begins to count anew, as it says (epoch seconds)."""
    try:
        return datetime.fromtimestamp(float(answer.headers.get("X-RateLimit-Reset", "")), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _words(status: int, data: Mapping[str, Any] | None) -> str:
    """What the platform says of an error, in a line. Of answers in another shape only the number is told."""
    error = (data or {}).get("error")
    said = error if isinstance(error, Mapping) else {"message": (data or {}).get("detail")}
    told = " ".join(str(said[name]) for name in ("code", "message") if said.get(name))
    line = redacted(" ".join(told.replace("\x00", "").split()))[:MOST_WORDS]
    return f"The platform answered {status}: {line}" if line else f"The platform answered {status}."
