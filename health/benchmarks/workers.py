"""The same scoring by real Celery workers, and what memory they took."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from agentfactory_cs.benchmarks import address_of
from agentfactory_cs.celery import app
from health import tasks
from health.models import ScoringRun

_DEADLINE_SECONDS = 600


@contextmanager
def celery_workers(count: int) -> Iterator[str]:
    """`count` worker processes on the benchmark's database, listening to a queue of their own (yielded)."""
    queue = f"benchmark-{os.getpid()}"
    environment = {**os.environ, "DATABASE_URL": address_of(connection.settings_dict)}
    command = [sys.executable, "-m", "celery", "-A", "agentfactory_cs", "worker", "--queues", queue, "--pool", "solo"]
    names = [f"{queue}-{number}@benchmark" for number in range(count)]
    quiet = ["--loglevel", "ERROR", "--without-gossip", "--without-mingle"]
    workers = [subprocess.Popen([*command, *quiet, "--hostname", name], env=environment) for name in names]
    try:
        _wait_until_all_answer(names)
        yield queue
    finally:
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.wait(timeout=60)


def _wait_until_all_answer(names: list[str]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        answers = app.control.ping(destination=names, timeout=1)
        if len(answers) == len(names):
            return
    raise TimeoutError("The Celery workers did not start within a minute.")


def work_off_by(queue: str, run: ScoringRun, workers: int) -> None:
    """Ring for the workers and wait until the run is done."""
    for _ in range(workers):
        tasks.work_off_run.apply_async((run.pk,), queue=queue)
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while time.monotonic() < deadline:
        run.refresh_from_db(fields=["state", "error"])
        if run.state == ScoringRun.State.DONE:
            return
        if run.state == ScoringRun.State.FAILED:
            raise RuntimeError(run.error)
        time.sleep(0.01)
    raise TimeoutError(f"The run was not done within {_DEADLINE_SECONDS} s.")


def peak_megabytes() -> float:
    """The largest resident size of any worker that has ended. Linux counts in KiB, macOS in bytes."""
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)
