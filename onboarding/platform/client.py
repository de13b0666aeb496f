"""The calls that set an account up.

Each asks `pace` for leave first, and tells it what the platform's headers say. The key goes into one header and
nowhere else: it is not logged, not stored, and cut out of whatever the platform says.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

import httpx
from django.conf import settings

from . import pace
from .answers import data_of, judge, redacted, reset_of
from .failures import Closed, Misconfigured, Transient, Unreachable

# Of an answer: from one part of it to the next, and in all.
TIMEOUT_SECONDS, CONNECT_SECONDS = 20.0, 5.0
MOST_SECONDS = 60
MOST_BYTES = 1_000_000

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Account:
    """What signing up gave; the access token that comes with it is of no use to us and not kept."""

    tenant_id: str
    user_id: str


@dataclass(frozen=True)
class Installed:
    """A blueprint that is installed, and the agents that made."""

    blueprint_id: str
    agents: Sequence[str]


@dataclass(frozen=True)
class Agent:
    """An agent to be created under an id of our own."""

    id: str
    name: str
    instructions: str
    model: str


def is_configured() -> bool:
    """Whether there is a platform to call."""
    return bool(settings.AGENTFACTORY_API_URL and settings.AGENTFACTORY_API_KEY)


@contextmanager
def connected(clock: Clock) -> "Iterator[Platform]":
    timeout = httpx.Timeout(TIMEOUT_SECONDS, connect=CONNECT_SECONDS)
    with httpx.Client(timeout=timeout, follow_redirects=False) as http:
        yield Platform(http, clock)


class Platform:
    """Raises Transient, Closed, Permanent or Misconfigured where a call does not do what it is to do."""

    def __init__(self, http: httpx.Client, clock: Clock) -> None:
        self._http, self._clock = http, clock

    def sign_up(self, email: str) -> Account:
        """Permanent with status 400 where the address is registered already."""
        said = self._call("POST", "/auth/signup", {"email": email})
        return Account(_text(said, "tenant_id"), _text(said, "user_id"))

    def install(self, blueprint_id: str, tenant_id: str) -> Installed:
        said = self._call("POST", f"/blueprints/{quote(blueprint_id, safe='')}/install", {"tenant_id": tenant_id})
        return Installed(blueprint_id, _agents(said.get("agents_created")))

    def has_agent(self, agent_id: str) -> bool:
        return self._call("GET", f"/agents/{quote(agent_id, safe='')}", is_question=True) != {}

    def create_agent(self, agent: Agent) -> None:
        told = {"id": agent.id, "name": agent.name, "instructions": agent.instructions, "model": agent.model}
        self._call("POST", "/agents/", told)

    def _call(
        self, method: str, path: str, body: Mapping[str, str] | None = None, *, is_question: bool = False
    ) -> Mapping[str, Any]:
        """The answer's object; an empty one where a question is answered with "not found"."""
        if refused := pace.take(self._clock()):
            raise Closed(refused.because, refused.until)
        answer, content = self._exchange(method, path, body)
        self._heed(answer)
        if is_question and answer.status_code == httpx.codes.NOT_FOUND and data_of(answer, content) is not None:
            return {}
        return judge(answer, content, now=self._clock())

    def _exchange(self, method: str, path: str, body: Mapping[str, str] | None) -> tuple[httpx.Response, bytes]:
        headers = {"Authorization": f"Bearer {settings.AGENTFACTORY_API_KEY}", "Accept": "application/json"}
        address = f"{settings.AGENTFACTORY_API_URL}{path}"
        try:
            with self._http.stream(method, address, json=body, headers=headers) as answer:
                return answer, _read(answer)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Unreachable(f"The platform could not be reached: {redacted(str(error))}") from None
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError, UnicodeError):
            # Their words may repeat the header, and with it the key.
            raise Misconfigured("AGENTFACTORY_API_URL or AGENTFACTORY_API_KEY is not what can be sent.") from None
        except httpx.TimeoutException:
            raise Transient(f"The platform did not answer within {TIMEOUT_SECONDS:g} seconds.") from None
        except httpx.HTTPError as error:
            raise Transient(f"The connection to the platform broke ({type(error).__name__}).") from None

    def _heed(self, answer: httpx.Response) -> None:
        """With nothing left, no worker calls before the platform counts anew: no refusal need be waited for."""
        reset = reset_of(answer)
        if reset and answer.headers.get("X-RateLimit-Remaining", "").strip() == "0":
            pace.close(reset, "The platform's limit of calls is used up.", now=self._clock())


def _read(answer: httpx.Response) -> bytes:
    """The body, as far as an answer of the platform goes. A sender of drops is not listened to for ever."""
    content, ends = b"", time.monotonic() + MOST_SECONDS
    for part in answer.iter_bytes():
        content += part
        if len(content) > MOST_BYTES or time.monotonic() > ends:
            raise Transient("The platform's answer was too long.")
    return content


def _agents(said: Any) -> Sequence[str]:
    """Ids, or objects that have one."""
    found = [one.get("id") if isinstance(one, dict) else one for one in said] if isinstance(said, list) else []
    return [str(agent)[:100] for agent in found if isinstance(agent, str | int)]


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    if not isinstance(value, str | int) or isinstance(value, bool) or not 0 < len(str(value)) <= 100:
        raise Misconfigured(f"The platform's answer has no {name} of 1 to 100 characters: is it the API we know?")
    return str(value)
