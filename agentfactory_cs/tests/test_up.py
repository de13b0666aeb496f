import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentfactory_cs.embedded.places import socket_dir
from agentfactory_cs.tests.machine import PROJECT, processes_of, var_folder, wait_until

NOBODY_LISTENS = "127.0.0.1:1"


@pytest.fixture(scope="module")
def var_dir() -> Iterator[Path]:
    """One for all tests of this file, so that only the first start has everything to prepare."""
    with var_folder() as folder:
        yield folder


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def environment(var_dir: Path, port: int, **more: str) -> dict[str, str]:
    ours = {"VAR_DIR": str(var_dir), "PORT": str(port), "DEMO": "0", "DATABASE_URL": "", "REDIS_URL": ""}
    return {**os.environ, "EMBEDDED_UNSAFE": "1", **ours, **more}


def manage(*arguments: str, env: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=PROJECT, env=env, capture_output=True, text=True, timeout=120, check=False)


class Up:
    """`manage.py up` in another process, and all it has printed."""

    def __init__(self, var_dir: Path, env: dict[str, str], until: str = "is running.") -> None:
        self.output = var_dir / "up.txt"
        with self.output.open("w") as file:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up"], cwd=PROJECT, env=env, stdout=file, stderr=file
            )
        wait_until(lambda: until in self.said() or self.process.poll() is not None, seconds=120)
        assert self.process.poll() is None, self.said()

    def said(self) -> str:
        return self.output.read_text()

    def pid_of(self, name: str) -> int:
        return int(self.said().split(f"{name} started (pid=")[1].split(")")[0])

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(120)


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_one_command_serves_everything_and_stops_it_again(var_dir: Path, port: int) -> None:
    env = environment(var_dir, port, ADMIN_PASSWORD="a-long-enough-one")
    up = Up(var_dir, env)

    assert f"http://localhost:{port}/" in up.said()
    assert up.said().count("a-long-enough-one") == 1
    assert status_of(f"http://127.0.0.1:{port}/") < 500

    second = manage("up", env=env)
    assert second.returncode == 1
    assert f"already running here (process {up.process.pid})" in second.stderr
    assert second.stderr.count("\n") == 1

    # Another command reaches the same database, though nobody told it an address.
    asked = manage("shell", "-v0", "-c", QUESTION, env=env)
    assert "admin True" in asked.stdout, asked.stderr

    assert up.end(signal.SIGINT) == 0
    assert up.said().endswith("Stopped.\n")
    wait_until(lambda: not processes_of(var_dir))

    # And it reaches it while nothing runs.
    asked = manage("shell", "-v0", "-c", QUESTION, env=env)
    assert "admin True" in asked.stdout, asked.stderr


QUESTION = """
from django.contrib.auth import authenticate, get_user_model
admin = get_user_model().objects.get()
print(admin.username, admin.check_password("a-long-enough-one"))
"""


def status_of(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


@pytest.mark.parametrize("moment", ["Preparing", "web started", "beat started", "Booting worker"])
def test_it_stops_when_asked_to_at_any_moment_of_its_start(var_dir: Path, port: int, moment: str) -> None:
    up = Up(var_dir, environment(var_dir, port), until=moment)

    up.end(signal.SIGINT)

    assert up.said().endswith("Stopped.\n")
    wait_until(lambda: not processes_of(var_dir))


def test_nothing_outlives_it_when_it_is_killed(var_dir: Path, port: int) -> None:
    up = Up(var_dir, environment(var_dir, port))
    pids = [up.pid_of(name) for name in ("web", "worker", "beat")]

    up.end(signal.SIGKILL)

    wait_until(lambda: not any(map(exists, pids)), seconds=60)
    wait_until(lambda: not processes_of(var_dir), seconds=60)


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_it_ends_with_a_sentence_when_a_process_is_killed(var_dir: Path, port: int, name: str) -> None:
    up = Up(var_dir, environment(var_dir, port))

    os.kill(up.pid_of(name), signal.SIGKILL)

    assert up.process.wait(120) == 1
    assert "One of the processes ended by itself" in up.said().splitlines()[-1]
    wait_until(lambda: not processes_of(var_dir))


@pytest.mark.parametrize("server", ["postgres", "valkey"])
def test_it_ends_with_a_sentence_when_a_server_is_gone(var_dir: Path, port: int, server: str) -> None:
    up = Up(var_dir, environment(var_dir, port))
    keeper = next(pid for pid, command in processes_of(var_dir).items() if f"keep {server}" in command)

    os.kill(keeper, signal.SIGKILL)

    assert up.process.wait(120) == 1
    assert f"The embedded {server} has ended" in up.said().splitlines()[-1]
    wait_until(lambda: not processes_of(var_dir))


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("DATABASE_URL", f"postgres://u:secret@{NOBODY_LISTENS}/app", "DATABASE_URL leads to no PostgreSQL"),
        ("DATABASE_URL", "mysql://u:secret@db/app", "DATABASE_URL must look like"),
        ("DATABASE_URL", "postgres://u:secret@db:99999/app", "DATABASE_URL cannot be read"),
        ("DATABASE_URL", "postgres://u:secret@db", "DATABASE_URL names no database"),
        ("REDIS_URL", f"redis://:secret@{NOBODY_LISTENS}/0", "REDIS_URL leads to no Redis or Valkey"),
        ("REDIS_URL", "amqp://secret@broker", "REDIS_URL must look like"),
        ("PORT", "http", "PORT must be a number"),
        ("PORT", "70000", "PORT must be a number"),
        ("WEB_WORKERS", "many", "WEB_WORKERS must be a number"),
        ("API_RATE", "lots", "API_RATE must look like"),
    ],
)
def test_what_is_wrong_with_a_setting_is_one_sentence(
    var_dir: Path, port: int, variable: str, value: str, sentence: str
) -> None:
    done = manage("up", env=environment(var_dir, port, **{variable: value}))

    assert done.returncode == 1
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert "secret" not in done.stderr


def test_a_port_that_is_taken_is_named_before_anything_starts(var_dir: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        done = manage("up", env=environment(var_dir, port))

    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not processes_of(var_dir)


def test_another_command_names_the_address_that_leads_nowhere(var_dir: Path, port: int) -> None:
    env = environment(var_dir, port, DATABASE_URL=f"postgres://u:secret@{NOBODY_LISTENS}/app")

    done = manage("showmigrations", env=env)

    assert done.returncode == 1
    assert "DATABASE_URL leads to no PostgreSQL" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_nothing_embedded_starts_when_both_addresses_are_given(var_dir: Path, port: int) -> None:
    elsewhere = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL")}

    with var_folder() as fresh:
        done = manage("shell", "-v0", "-c", "print('here')", env=environment(fresh, port, **elsewhere))

        assert "here" in done.stdout
        assert not (fresh / "embedded").exists()


def test_a_command_that_needs_no_server_starts_none(port: int) -> None:
    with var_folder() as fresh:
        assert manage("check", env=environment(fresh, port)).returncode == 0
        assert manage("migrate", "--help", env=environment(fresh, port)).returncode == 0

        assert not (fresh / "embedded").exists()
        assert not socket_dir(fresh).exists()
