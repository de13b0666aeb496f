"""What tests of whole processes need: folders servers can live in, users of servers, and patience with a limit."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from agentfactory_cs.embedded.places import APP, digest, socket_dir

PROJECT = Path(__file__).resolve().parent.parent.parent

USER = """
import sys
from pathlib import Path
from agentfactory_cs import embedded

var_dir, wanted = Path(sys.argv[1]), sys.argv[2:]
database = embedded.database_url(var_dir) if "postgres" in wanted else "postgres://elsewhere/app"
redis = embedded.redis_url(var_dir) if "valkey" in wanted else "redis://elsewhere"
try:
    embedded.ensure_running(var_dir, database, redis)
except embedded.Unavailable as problem:
    sys.exit(str(problem))
print("ready", flush=True)
sys.stdin.read()
"""


def wait_until(condition: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


@contextmanager
def var_folder(prefix: str = "agentfactory-cs-test-") -> Iterator[Path]:
    """Not pytest's tmp_path: that is closed to the account root's servers run as."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        wait_until(lambda: not processes_of(folder))
        for rest in (folder, socket_dir(folder), Path("/var/lib") / f"{APP}-{digest(folder)}"):
            shutil.rmtree(rest, ignore_errors=True)


def processes_of(var_dir: Path) -> dict[int, str]:
    """Keepers, servers and users of this folder: number and command line."""
    running = {process.pid: " ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])}
    return {pid: command for pid, command in running.items() if str(var_dir) in command}


class User:
    """A process that uses servers until it is told to leave."""

    def __init__(self, var_dir: Path, *servers: str, **env: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", USER, str(var_dir), *servers],
            cwd=PROJECT,
            env={**os.environ, "EMBEDDED_UNSAFE": "1", **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> "User":
        return self

    def __exit__(self, *exception: object) -> None:
        self.process.communicate()

    def is_ready(self) -> bool:
        assert self.process.stdout
        return self.process.stdout.readline() == "ready\n"

    def complaint(self) -> str:
        """What it said when it could not have what it wanted."""
        said = self.process.communicate()[1]
        assert self.process.returncode == 1
        return said

    def leave(self) -> None:
        self.process.communicate()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()
