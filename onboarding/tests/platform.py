"""The platform's API as its contract has it, as a server of its own: for tests and for trying things out.

    python -m onboarding.tests.platform --port 9000 --key secret

prints its port and serves until it is stopped. `GET /_state` tells what it holds, `POST /_faults` switches faults on:
a list of {"method", "path" (a beginning), "kind" (see FAULTS), "times", "seconds"}, used up in order; `--chance 0.1`
has one call in ten fail in some way.
"""

import argparse
import json
import random
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import ceil
from typing import Any
from uuid import uuid4

# slow: answers late · limit: 429 with a moment to come back at · broken: 500, nothing was done · made: 500 after it was
# done · cut: no answer, nothing was done · made_cut: no answer after it was done · detail: 422 in the other shape
FAULTS = ("slow", "limit", "broken", "made", "cut", "made_cut", "detail")
BY_CHANCE = ("broken", "made", "cut", "made_cut")

Answer = tuple[int, dict[str, Any]]


@dataclass
class Window:
    """So many calls in so many seconds, counted from round moments on."""

    most: int
    seconds: float
    began: float = 0
    calls: int = 0

    def reset(self) -> float:
        return self.began + self.seconds

    def take(self, now: float) -> bool:
        if now >= self.reset():
            self.began, self.calls = now - now % self.seconds, 0
        self.calls += 1
        return self.calls <= self.most


@dataclass
class World:
    """What the platform holds. Accounts by address, agents by id, installs by tenant and blueprint."""

    key: str
    windows: list[Window]
    blueprints: Mapping[str, int]
    chance: float = 0
    accounts: dict[str, dict[str, str]] = field(default_factory=dict)
    agents: dict[str, dict[str, Any]] = field(default_factory=dict)
    installs: dict[str, list[str]] = field(default_factory=dict)
    created: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    faults: list[dict[str, Any]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    dice: random.Random = field(default_factory=lambda: random.Random(5))

    def state(self) -> dict[str, Any]:
        names = ("accounts", "agents", "installs", "created", "answers")
        return {name: getattr(self, name) for name in names}

    def fault_of(self, method: str, path: str) -> dict[str, Any]:
        """The next fault for such a call, used up by one."""
        for fault in self.faults:
            if fault["times"] > 0 and fault["method"] == method and path.startswith(fault["path"]):
                fault["times"] -= 1
                return fault
        by_chance = self.dice.random() < self.chance
        return {"kind": self.dice.choice(BY_CHANCE)} if by_chance else {"kind": ""}

    def do(self, method: str, path: str, body: Mapping[str, Any]) -> Answer:
        parts = path.strip("/").split("/")
        if (method, path) == ("POST", "/auth/signup"):
            return self._sign_up(str(body.get("email", "")))
        if method == "POST" and len(parts) == 3 and (parts[0], parts[2]) == ("blueprints", "install"):
            return self._install(parts[1], str(body.get("tenant_id", "")))
        if (method, path) == ("POST", "/agents/"):
            return self._create_agent(dict(body))
        if method == "GET" and len(parts) == 2 and parts[0] == "agents":
            known = self.agents.get(parts[1])
            return (
                (200, {"id": parts[1], "name": known["name"]}) if known else _error(404, "NOT_FOUND", "No such agent")
            )
        return _error(404, "NOT_FOUND", "No such address")

    def _sign_up(self, email: str) -> Answer:
        if "@" not in email or email in self.accounts:
            return _error(
                400, "VALIDATION_ERROR", "Email already registered" if email in self.accounts else "Bad email"
            )
        number = len(self.accounts) + 1
        account = {"user_id": f"user-{number}", "email": email, "tenant_id": f"tenant-{number}"}
        self.accounts[email] = account
        return 200, {"access_token": f"token-{uuid4()}", "token_type": "bearer", **account}

    def _install(self, blueprint: str, tenant: str) -> Answer:
        if blueprint not in self.blueprints:
            return _error(404, "NOT_FOUND", f"Blueprint {blueprint} not found")
        if tenant not in {account["tenant_id"] for account in self.accounts.values()}:
            return _error(404, "NOT_FOUND", f"Tenant {tenant} not found")
        made: list[str] = []
        if blueprint not in self.installs.setdefault(tenant, []):
            self.installs[tenant].append(blueprint)
            made = [f"{blueprint}-{tenant}-{number}" for number in range(self.blueprints[blueprint])]
            self.agents |= {agent: {"name": blueprint} for agent in made}
            self.created.update(made)
        return 200, {"blueprint_id": blueprint, "status": "installed", "agents_created": made}

    def _create_agent(self, body: dict[str, Any]) -> Answer:
        if missing := [name for name in ("id", "name", "instructions", "model") if not body.get(name)]:
            return _error(400, "VALIDATION_ERROR", f"{', '.join(missing)} missing")
        self.created[body["id"]] += 1
        self.agents[body["id"]] = body
        return 200, {"id": body["id"], "status": "created"}


def _error(status: int, code: str, message: str) -> Answer:
    return status, {"error": {"code": code, "message": message, "details": {}}}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    world: World

    def log_message(self, *args: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def _serve(self, method: str) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.loads(raw) if raw else {}
        if self.path.startswith("/_"):
            self._control(method, body)
            return
        path = self.path.removeprefix("/api/v1")
        with self.world.lock:
            status, said, headers, fault = self._decide(method, path, body)
            self.world.answers[f"{method} {status if fault.get('kind') not in ('cut', 'made_cut') else 'cut'}"] += 1
        if fault["kind"] == "slow":
            time.sleep(fault.get("seconds", 1))
        if fault["kind"] in ("cut", "made_cut"):
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self._answer(status, said, headers)

    def _decide(self, method: str, path: str, body: Any) -> tuple[int, dict[str, Any], dict[str, str], dict[str, Any]]:
        world, now = self.world, time.time()
        if self.headers.get("Authorization") != f"Bearer {world.key}":
            return *_error(401, "UNAUTHORIZED", f"Bad key {self.headers.get('Authorization')}"), {}, {"kind": ""}
        within = [window.take(now) for window in world.windows]
        headers = _limits(world.windows)
        if not all(within):
            return *_error(429, "RATE_LIMIT_EXCEEDED", "Too many requests"), headers, {"kind": ""}
        fault = world.fault_of(method, path)
        kind = fault["kind"]
        if kind == "limit":
            headers["X-RateLimit-Reset"] = str(ceil(now + fault.get("seconds", 1)))
            return *_error(429, "RATE_LIMIT_EXCEEDED", "Too many requests"), headers, fault
        if kind == "detail":
            return 422, {"detail": "This is not what was expected"}, headers, fault
        if kind in ("broken", "cut"):
            return *_error(500, "INTERNAL_ERROR", "Something broke"), headers, fault
        status, said = world.do(method, path, body)
        if kind == "made":
            status, said = _error(500, "INTERNAL_ERROR", "Something broke")
        return status, said, headers, fault

    def _control(self, method: str, body: Any) -> None:
        with self.world.lock:
            if method == "POST":
                self.world.faults = body
            self._answer(200, self.world.state(), {})

    def _answer(self, status: int, said: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        content = json.dumps(said).encode()
        try:
            self.send_response(status)
            for name, value in {**headers, "Content-Type": "application/json"}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        except OSError:  # whoever asked was killed meanwhile
            self.close_connection = True


def _limits(windows: list[Window]) -> dict[str, str]:
    """The headers, of the window that leaves the fewest calls."""
    least = min(windows, key=lambda window: window.most - window.calls)
    return {
        "X-RateLimit-Limit": str(least.most),
        "X-RateLimit-Remaining": str(max(least.most - least.calls, 0)),
        "X-RateLimit-Reset": str(ceil(least.reset())),
    }


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection of ours that we cut is no error; neither is one whose other end was killed."""
        if not isinstance(sys.exception(), OSError | ValueError):
            super().handle_error(request, client_address)


def serve(world: World, port: int) -> Server:
    """A server that is bound, and not yet serving."""
    return Server(("127.0.0.1", port), type("PlatformHandler", (Handler,), {"world": world}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=9000, help="0: any that is free")
    parser.add_argument("--key", default="secret")
    parser.add_argument("--per-minute", type=int, default=60)
    parser.add_argument("--minute-seconds", type=float, default=60, help="how long a minute lasts here")
    parser.add_argument("--per-hour", type=int, default=1000)
    parser.add_argument("--hour-seconds", type=float, default=3600)
    parser.add_argument("--chance", type=float, default=0, help="share of calls that fail")
    parser.add_argument("--blueprints", default="starter-kit=1,knowledge=0", help="each with how many agents it makes")
    told = parser.parse_args()
    windows = [Window(told.per_minute, told.minute_seconds), Window(told.per_hour, told.hour_seconds)]
    blueprints = {name: int(agents) for name, _, agents in (one.partition("=") for one in told.blueprints.split(","))}
    server = serve(World(told.key, windows, blueprints, told.chance), told.port)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
