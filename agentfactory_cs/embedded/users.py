"""How a process comes to use the servers: joins those that run, starts those that do not."""

import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Any

from agentfactory_cs.embedded.kernel import is_locked, open_lock, try_lock
from agentfactory_cs.embedded.places import POSTGRES, VALKEY, Desk, Unavailable, database_url, make_folder, redis_url

PROJECT = Path(__file__).resolve().parent.parent.parent
LOG_BYTES = 10_000_000

# The lock on each server this process uses, open for as long as the process lives.
_used: dict[Desk, int] = {}


def ensure_running(var_dir: Path, database: str, redis: str) -> None:
    """Returns when the embedded servers behind these addresses answer, and keeps them running until this process ends.

    An address that is not ours is somebody else's server, and left alone.
    """
    wanted = {POSTGRES: database == database_url(var_dir), VALKEY: redis.startswith(redis_url(var_dir))}
    for desk in [Desk(var_dir, name) for name, ours in wanted.items() if ours]:
        if desk not in _used:
            _join(desk)


def stopped() -> str | None:
    """The name of a server this process uses and whose keeper has ended."""
    return next((desk.server for desk in _used if not is_locked(desk.keeper)), None)


def leave(*, wait_seconds: float = 0) -> None:
    """Signs off before the process ends, and waits for servers that stop because of it."""
    desks = list(_used)
    while _used:
        os.close(_used.popitem()[1])
    deadline = time.monotonic() + wait_seconds
    while time.monotonic() < deadline and any(_is_stopping(desk) for desk in desks):
        time.sleep(0.05)


def _is_stopping(desk: Desk) -> bool:
    """A keeper lives, and nobody else uses its server."""
    if not is_locked(desk.keeper):
        return False
    users = open_lock(desk.users)
    try:
        return try_lock(users, fcntl.LOCK_EX) or not try_lock(users, fcntl.LOCK_SH)
    finally:
        os.close(users)


def _join(desk: Desk) -> None:
    try:
        make_folder(desk.folder)
        users, start = open_lock(desk.users), open_lock(desk.start)
    except OSError as error:
        raise Unavailable(
            f"{desk.folder} cannot be written ({error.strerror}): run as the user who owns it, or name another folder "
            f"in VAR_DIR."
        ) from error
    # Waits here while a keeper that had no users left stops its server.
    fcntl.flock(users, fcntl.LOCK_SH)
    fcntl.flock(start, fcntl.LOCK_EX)
    try:
        if not _is_ready(desk):
            _start_keeper(desk)
    except BaseException:
        os.close(users)
        raise
    finally:
        os.close(start)
    _used[desk] = users


def _is_ready(desk: Desk) -> bool:
    """False when there is no keeper. One that is still starting lost the process that started it; wait for it."""
    while is_locked(desk.keeper):
        if desk.ready.exists():
            return True
        time.sleep(0.05)
    return False


def _start_keeper(desk: Desk) -> None:
    desk.ready.unlink(missing_ok=True)
    hear, report = os.pipe()
    command = [sys.executable, "-m", "agentfactory_cs.embedded", "keep", desk.server, str(desk.var_dir), str(report)]
    with _open_log(desk.log) as log:
        quiet: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
        subprocess.run(command, cwd=PROJECT, pass_fds=[report], start_new_session=True, check=False, **quiet)
    os.close(report)
    with os.fdopen(hear) as answers:
        answer = answers.read()
    if answer != "ready":
        raise Unavailable(answer or f"The embedded {desk.server} did not start: see {desk.log}.")


def _open_log(path: Path) -> IO[str]:
    """Ours alone: PostgreSQL quotes data where it reports an error. Begins anew when it has grown long."""
    make_folder(path.parent)
    too_long = path.exists() and path.stat().st_size > LOG_BYTES
    how = os.O_WRONLY | os.O_CREAT | os.O_APPEND | (os.O_TRUNC if too_long else 0)
    return os.fdopen(os.open(path, how, 0o600), "a")
