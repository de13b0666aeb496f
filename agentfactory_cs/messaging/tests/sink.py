"""A mail server that takes everything, or refuses what it is told to; also as a process of its own.

`python -m agentfactory_cs.messaging.tests.sink PORT LOG` writes one line `Message-ID recipient` for each mail it
took, just before it answers for it.
"""
# ruff: noqa: N802 - aiosmtpd finds its handlers by these names

import asyncio
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any
from zlib import crc32

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Sink:
    """What came in. `answers` gives what is said to a recipient (RCPT) instead of yes, `says` to any mail (DATA)."""

    mails: list[Message] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    to_sender: str = ""
    to_data: str = ""
    port: int = 0

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        if self.to_sender:
            return self.to_sender
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        if answer := self.answers.get(address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.to_data == "hang up":
            server.transport.abort()  # type: ignore[union-attr]
            return "421 gone"
        if self.to_data:
            return self.to_data
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content))
        self.recipients += envelope.rcpt_tos
        return "250 taken"


@contextmanager
def running_sink(sink: Sink) -> Iterator[Sink]:
    """The server in a thread of this process, on a free port."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(_listen(sink, 0), loop).result()
    sink.port = server.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        asyncio.run_coroutine_threadsafe(_leave(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _listen(sink: Sink, port: int) -> asyncio.Server:
    return await asyncio.get_running_loop().create_server(lambda: SMTP(sink), "127.0.0.1", port)


async def _leave(server: asyncio.Server) -> None:
    server.close()
    mine = asyncio.current_task()
    others = [task for task in asyncio.all_tasks() if task is not mine]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


class LoggingSink(Sink):
    """Writes down what it took. Refuses one recipient in ten the first time, and one in fifty for good."""

    def __init__(self, log: Path) -> None:
        super().__init__()
        self.log = log.open("a", buffering=1)
        self.seen: set[str] = set()

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        chance = crc32(address.encode()) % 100
        if chance < 2:
            return "550 5.1.1 no such mailbox"
        if chance < 12 and address not in self.seen:
            self.seen.add(address)
            return "451 4.3.0 come back later"
        return await super().handle_RCPT(server, session, envelope, address, options)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content)
        self.log.write(f"{message['Message-ID']} {envelope.rcpt_tos[0]}\n")
        # Long enough that somebody is killed while waiting for the answer.
        await asyncio.sleep(0.005)
        return "250 taken"


async def _serve(port: int, log: Path) -> None:
    server = await _listen(LoggingSink(log), port)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), Path(sys.argv[2])))
