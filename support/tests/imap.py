"""A mail server for tests: pymap's real IMAP server, its mailboxes in memory, in a thread of its own."""

import asyncio
import threading
from argparse import Namespace
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from proxyprotocol.sock import SocketInfoLocal
from pymap.backend.dict import DictBackend
from pymap.backend.dict.filter import FilterSet
from pymap.backend.dict.mailbox import MailboxSet
from pymap.imap import IMAPServer
from pymap.parsing.message import AppendMessage
from pymap.parsing.specials.flag import Flag
from pysasl.hashing import BuiltinHash

from agentfactory_cs.addresses import Mailbox

USER, PASSWORD = "support", "let me in"
_SEEN = Flag(rb"\Seen")


class MailServer:
    """Filled and looked at by the test, spoken to over TCP by the system."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._boxes = MailboxSet()
        self._mails_sent = 0
        # After so many mails the line goes dead in the middle of one; None: never.
        self.lasts_for: int | None = None

    async def start(self) -> None:
        args = Namespace(demo_data=False, demo_user=USER, demo_password=PASSWORD, debug=False, cert=None, key=None)
        args.__dict__.update(passlib_cfg=None, tls=False, proxy_protocol=None, host=None, port=0)
        backend, config = await DictBackend.init(args, hash_context=BuiltinHash(rounds=1))
        config.set_cache[USER] = (self._boxes, FilterSet())
        imap = IMAPServer(backend.login, config)

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._listen_in(writer)
            await imap(reader, writer, SocketInfoLocal(writer))

        self._server = await asyncio.start_server(serve, "127.0.0.1", 0)

    def _listen_in(self, writer: asyncio.StreamWriter) -> None:
        write = writer.write

        def or_die(data: bytes | bytearray | memoryview) -> None:
            self._mails_sent += b"\r\nMessage-ID:" in bytes(data)
            if self.lasts_for is None or self._mails_sent <= self.lasts_for:
                write(data)
            elif not writer.transport.is_closing():
                write(data[: len(data) // 2])
                writer.transport.close()

        writer.write = or_die  # type: ignore[method-assign]

    @property
    def mailbox(self) -> Mailbox:
        """How the system reaches it."""
        port = self._server.sockets[0].getsockname()[1]
        return Mailbox("127.0.0.1", port, USER, PASSWORD, "INBOX", "")

    def put(self, *mails: bytes) -> None:
        self.run(self._put(mails))

    async def _put(self, mails: Sequence[bytes]) -> None:
        box = await self._boxes.get_mailbox("INBOX")
        for raw in mails:
            await box.append(AppendMessage(raw, datetime.now(UTC)))

    def seen(self, folder: str = "INBOX") -> list[bool]:
        """Of each mail in the folder, whether it is marked as seen."""
        found: list[bool] = self.run(self._seen(folder))
        return found

    async def _seen(self, folder: str) -> list[bool]:
        box = await self._boxes.get_mailbox(folder)
        return [_SEEN in message.permanent_flags async for message in box.messages()]

    def make_folder(self, name: str) -> None:
        self.run(self._boxes.add_mailbox(name))

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=20)

    async def stop(self) -> None:
        self._server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


@contextmanager
def mail_server() -> Iterator[MailServer]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = MailServer(loop)
    try:
        server.run(server.start())
        yield server
        server.run(server.stop())
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)
        loop.close()
