"""Everything on one machine with one command: prepare, then web, worker and beat until Ctrl-C."""

import fcntl
import hashlib
import http.client
import io
import os
import secrets
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles.finders import get_finders
from django.core.management import BaseCommand, CommandError, call_command
from django.db import connections

from agentfactory_cs import addresses, demo, embedded, processes
from agentfactory_cs.embedded.kernel import open_lock, try_lock

# After Ctrl-C, for PostgreSQL to write down what it has in memory.
STOP_SECONDS = 60


@contextmanager
def _no_interrupt_lost() -> Iterator[None]:
    """Python passes over a KeyboardInterrupt that falls into the clearing away of an object: it is raised again
    at the end."""
    asked: list[int] = []

    def take_note(number: int, frame: FrameType | None) -> None:
        asked.append(number)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, take_note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if asked:
        raise KeyboardInterrupt


class Command(BaseCommand):
    help = "Prepares the database and runs web, worker and beat: what `make run` does."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        _print_line_by_line()
        self.host = os.environ.get("HOST", "127.0.0.1")
        self.port = _port()
        _check_counts()
        self.password: str | None = None
        lock = _be_the_only_one()
        try:
            _check_port(self.host, self.port)
            with _no_interrupt_lost():
                self._reach_servers()
                self._prepare()
            reason = processes.run(settings.BASE_DIR / "Procfile", self._environment(), self._watch)
        except KeyboardInterrupt:
            reason = None
        finally:
            self._print_password_if_lost()
            embedded.leave(wait_seconds=STOP_SECONDS)
            os.close(lock)
        if reason:
            raise CommandError(reason)
        self.stdout.write("Stopped.")

    def _reach_servers(self) -> None:
        if embedded.database_url(settings.VAR_DIR) != settings.DATABASE_URL:
            _raise(addresses.find_fault_with_database())
        if not settings.REDIS_URL.startswith(embedded.redis_url(settings.VAR_DIR)):
            _raise(addresses.find_fault_with_redis(settings.REDIS_URL))
        self.stdout.write("Starting …")
        embedded.ensure_running(settings.VAR_DIR, settings.DATABASE_URL, settings.REDIS_URL)

    def _prepare(self) -> None:
        """Safe to be interrupted anywhere: the administrator comes last and marks the first start as done."""
        self.stdout.write("Preparing the database …")
        call_command("migrate", verbosity=0, interactive=False)
        _collect_static()
        first_start = not get_user_model().objects.filter(is_superuser=True).exists()
        if first_start and os.environ.get("DEMO", "1") != "0" and demo.is_wanted():
            self.stdout.write("Loading the demo …")
            call_command("demo")
        if first_start:
            self.password = _create_administrator()
        self.administrator = _administrator_name()
        connections.close_all()

    def _environment(self) -> dict[str, str]:
        ours = {
            "DATABASE_URL": settings.DATABASE_URL,
            "REDIS_URL": settings.REDIS_URL,
            "VAR_DIR": str(settings.VAR_DIR),
            "HOST": self.host,
            "PORT": str(self.port),
        }
        return {**os.environ, **ours}

    def _watch(self) -> Iterator[float | str]:
        while not _web_answers(self.host, self.port):
            yield 0.1
        self._print_welcome()
        while not (server := embedded.stopped()):
            yield 1.0
        yield f"The embedded {server} has ended (see {settings.VAR_DIR / 'log/embedded.log'}): `make run` starts again."

    def _print_welcome(self) -> None:
        shown = "localhost" if self.host in ("127.0.0.1", "0.0.0.0") else self.host  # noqa: S104
        forgotten = "as printed at the first start; `manage.py changepassword` sets another"
        lines = [
            "AgentFactory CS is running.",
            "",
            f"Address   http://{shown}:{self.port}/",
            f"Login     {self.administrator}",
            f"Password  {self.password or forgotten}",
            "",
            "Ctrl-C stops it.",
        ]
        self.password = None
        rule = "=" * (max(map(len, lines)) + 4)
        # One write, so that no log line comes between.
        self.stdout.write("\n".join(["", rule, *(f"  {line}" for line in lines), rule, ""]))
        self.stdout.flush()

    def _print_password_if_lost(self) -> None:
        """It is nowhere but in our memory, and the web did not come up to have it printed."""
        if self.password:
            self.stdout.write(f"The administrator is `{self.administrator}`, password {self.password}")


def _print_line_by_line() -> None:
    """Also into a pipe or a file, where Python would wait for a full buffer."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)


def _raise(problem: str | None) -> None:
    if problem:
        raise CommandError(problem)


def _check_counts() -> None:
    for name in ("WEB_WORKERS", "TASK_WORKERS"):
        given = os.environ.get(name, "2")
        if not given.isdecimal() or not 0 < int(given) <= 64:
            raise CommandError(f"{name} must be a number from 1 to 64, not {given!r}.")


def _port() -> int:
    given = os.environ.get("PORT", "8000")
    if not given.isdecimal() or not 0 < int(given) < 65536:
        raise CommandError(f"PORT must be a number from 1 to 65535, not {given!r}.")
    return int(given)


def _be_the_only_one() -> int:
    path: Path = settings.VAR_DIR / "up.lock"
    try:
        lock = open_lock(path)
    except OSError as error:
        raise CommandError(f"{path} cannot be written ({error.strerror}): run as the user who owns it.") from error
    if not try_lock(lock, fcntl.LOCK_EX):
        raise CommandError(
            f"AgentFactory CS is already running here (process {path.read_text().strip()}): stop it with Ctrl-C in its "
            f"terminal, or run a second one with another VAR_DIR and PORT."
        )
    os.ftruncate(lock, 0)
    os.write(lock, f"{os.getpid()}\n".encode())
    return lock


def _check_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as candidate:
        # As gunicorn does: connections of an earlier run that are still closing do not count.
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind((host.strip("[]"), port))
        except OSError as error:
            raise CommandError(
                f"The web cannot listen on {host}:{port} ({error.strerror}): stop what is using it, or choose another "
                f"port, for example `PORT={port % 60000 + 1 if port > 1024 else 8000} make run`."
            ) from error


def _collect_static() -> None:
    """Skipped while no file has changed: compressing them takes longer than all the rest."""
    found = sorted(
        (path, storage.path(path), os.stat(storage.path(path)).st_mtime_ns)
        for finder in get_finders()
        for path, storage in finder.list([])
    )
    fingerprint = hashlib.sha256(repr(found).encode()).hexdigest()
    mark = Path(settings.STATIC_ROOT) / ".fingerprint"
    if mark.exists() and mark.read_text() == fingerprint:
        return
    call_command("collectstatic", interactive=False, verbosity=0)
    mark.write_text(fingerprint)


def _create_administrator() -> str:
    password = os.environ.get("ADMIN_PASSWORD") or secrets.token_urlsafe(12)
    get_user_model().objects.create_superuser("admin", password=password)
    return password


def _administrator_name() -> str:
    return str(get_user_model().objects.filter(is_superuser=True).order_by("pk")[0].get_username())


def _web_answers(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1" if host == "0.0.0.0" else host, port, timeout=5)  # noqa: S104
    try:
        connection.request("GET", "/")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True
