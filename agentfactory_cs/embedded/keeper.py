"""The parent of one server: starts it, and stops it when nobody uses it any more."""

import fcntl
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from agentfactory_cs.embedded.kernel import open_lock, try_lock
from agentfactory_cs.embedded.places import Desk, Unavailable
from agentfactory_cs.embedded.servers import SERVERS, Server

POLL_SECONDS = 0.2


def keep(name: str, var_dir: Path, report: int) -> int:
    """`report` is a pipe to whoever started us: "ready", or the sentence that says why not."""
    desk = Desk(var_dir, name)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _end)
    # Both are held until this process ends, and that is what frees them.
    fcntl.flock(open_lock(desk.keeper), fcntl.LOCK_EX)
    users = open_lock(desk.users)
    server: Server | None = None
    try:
        server = SERVERS[name](var_dir)
        server.start()
        desk.ready.touch()
        _answer(report, "ready")
        _wait_until_unused(server, users)
    except Unavailable as error:
        _answer(report, str(error))
        return 1
    except OSError as error:
        _answer(report, f"The embedded {name} did not start ({error}).")
        raise
    finally:
        desk.ready.unlink(missing_ok=True)
        if server:
            server.stop()
    return 0


def _wait_until_unused(server: Server, users: int) -> None:
    while server.running():
        if try_lock(users, fcntl.LOCK_EX):
            return
        time.sleep(POLL_SECONDS)
    print(f"{server.title} ended by itself.", flush=True)


def _answer(report: int, text: str) -> None:
    """Whoever asked may be gone."""
    try:
        os.write(report, text.encode())
        os.close(report)
    except OSError:
        pass


def _end(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)
