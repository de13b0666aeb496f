"""Runs the Procfile with honcho, so that nothing it started outlives it."""

import multiprocessing
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import FrameType
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
    """honcho's, with a watcher, and with the reason for stopping.

    Everything is stopped from the watcher's thread. honcho does it inside the signal's handler, which may have
    interrupted it anywhere: before it knows a process's number, or holding a lock that stopping needs.
    """

    def __init__(self, watch: Callable[[], Iterator[float | str]]) -> None:
        super().__init__()
        self._process_ctor = Process
        self._watch = watch
        self._asked_to_stop: queue.SimpleQueue[int] = queue.SimpleQueue()  # the one kind a handler may put into
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
        self._asked_to_stop.put(0)

    def _start(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._take_note)
        super()._start()
        # Not before: a process that forks should have one thread.
        threading.Thread(target=self._look_after, daemon=True).start()

    def _take_note(self, number: int, frame: FrameType | None) -> None:
        self.returncode = 128 + number
        self._asked_to_stop.put(number)

    def _look_after(self) -> None:
        for answer in self._watch():
            if isinstance(answer, str):
                self._complaint = answer
                break
            if self._is_asked_within(answer):
                break
        while not self._all_started():
            time.sleep(0.02)
        self.terminate()

    def _is_asked_within(self, seconds: float) -> bool:
        try:
            self._asked_to_stop.get(timeout=seconds)
        except queue.Empty:
            return False
        return True
