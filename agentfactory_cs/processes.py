"""Runs the Procfile with honcho, so that nothing it started outlives it."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import honcho.environ
import honcho.manager
import honcho.process

from agentfactory_cs.embedded import die_with_parent


def run(procfile: Path, env: dict[str, str], watch: Callable[[], Iterator[float | str]]) -> str | None:
    """Until Ctrl-C or the end of any process; returns the reason when it was not a person's wish.

    `watch` looks after the whole from a thread: it yields seconds to wait, or a sentence to stop with.
    """
    if sys.platform == "linux":
        # Newer Pythons fork from a server process, and the kernel would pass on the death of that instead of ours.
        multiprocessing.set_start_method("fork", force=True)
    manager = Manager(watch)
    for name, command in honcho.environ.parse_procfile(procfile.read_text()).processes.items():
        manager.add_process(name, command, env=with_our_python(env), cwd=str(procfile.parent))
    manager.loop()
    return manager.reason


def with_our_python(env: dict[str, str]) -> dict[str, str]:
    """`python` in the Procfile is the one we run on, whether its environment is activated or not."""
    path = os.pathsep.join([str(Path(sys.executable).parent), env.get("PATH", os.defpath)])
    return {**env, "PATH": path, "PYTHONUNBUFFERED": "1"}


class Process(honcho.process.Process):
    """honcho gives each command a process of its own that reads its output. Should we be killed, the kernel kills
    that reader at once and asks the command to end in good order."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._child_ctor = start
        self._die_with_us = die_with_parent(signal.SIGKILL)

    def run(self, *args: Any, **kwargs: Any) -> None:
        self._die_with_us()
        super().run(*args, **kwargs)


def start(command: str, **kwargs: Any) -> "subprocess.Popen[bytes]":
    child: subprocess.Popen[bytes] = honcho.process.Popen(command, preexec_fn=die_with_parent(signal.SIGTERM), **kwargs)
    threading.Thread(target=_end_the_rest, args=[child], daemon=True).start()
    return child


def _end_the_rest(child: "subprocess.Popen[bytes]") -> None:
    """Children of a killed command would keep its output open, and honcho waiting."""
    child.wait()
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)


class Manager(honcho.manager.Manager):
    """honcho's, with a watcher, and with the reason for stopping."""

    def __init__(self, watch: Callable[[], Iterator[float | str]]) -> None:
        super().__init__()
        self._process_ctor = Process
        self._watch = watch
        self._ended = threading.Event()
        self._complaint: str | None = None

    @property
    def reason(self) -> str | None:
        if self._complaint:
            return self._complaint
        if self.returncode in (128 + signal.SIGINT, 128 + signal.SIGTERM):
            return None
        return "One of the processes ended by itself (its last words are above), so the others were stopped."

    def loop(self) -> None:
        super().loop()
        self._ended.set()

    def _start(self) -> None:
        super()._start()
        # Not before: a process that forks should have one thread.
        threading.Thread(target=self._look_after, daemon=True).start()

    def _look_after(self) -> None:
        for answer in self._watch():
            if isinstance(answer, str):
                self._complaint = answer
                self.terminate()
                return
            if self._ended.wait(answer):
                return

    def _killall(self, force: bool = False) -> None:
        """honcho stumbles over a process that has not told its number yet, so wait for that."""
        self._processes_started()
        super()._killall(force)

    def _processes_started(self) -> None:
        while not self._all_started():
            message = self.events.get()
            if message.type == "start":
                self._processes[message.name]["pid"] = message.data["pid"]
            elif message.type == "stop":
                self._processes[message.name]["returncode"] = message.data["returncode"]
