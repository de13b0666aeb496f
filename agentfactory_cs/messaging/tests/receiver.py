"""A real web server that webhooks are posted to, in a thread: it answers as a test wants and keeps what it got."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from agentfactory_cs.customers.tests.factories import NOW
from agentfactory_cs.events.models import WebhookEndpoint
from agentfactory_cs.events.webhooks import services


@dataclass
class Receiver:
    """`answers` are given one after another, then 200; a status of 0 cuts the connection."""

    address: str = ""
    answers: list[tuple[int, dict[str, str], str]] = field(default_factory=list)
    slow_seconds: float = 0
    posts: list[tuple[dict[str, str], str]] = field(default_factory=list)

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _headers, body in self.posts]

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _body in self.posts]


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            receiver.posts.append(({name.lower(): value for name, value in self.headers.items()}, body))
            time.sleep(receiver.slow_seconds)
            status, headers, text = receiver.answers.pop(0) if receiver.answers else (200, {}, "ok")
            if status == 0:
                self.connection.close()
                return
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *args: Any) -> None:
            """Nothing: the test's output is its own."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.address = f"http://localhost:{server.server_address[1]}/hook"
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield receiver
        finally:
            server.shutdown()


def make_endpoint(address: str, **fields: Any) -> WebhookEndpoint:
    values = {"description": "Data warehouse", **fields}
    return services.save_endpoint(WebhookEndpoint(address=address, **values), now=NOW)
