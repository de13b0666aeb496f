"""Workers are killed, the broker is emptied, the database restarts, the mail server refuses: nothing is sent twice,
nothing is lost.

Real processes on servers of their own: 200 mails and four kills, with MAIL_FAULTS=full 2 000 and twenty.
"""

import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from agentfactory_cs.embedded import database_url
from agentfactory_cs.tests.machine import PROJECT, var_folder, wait_until

FULL = os.environ.get("MAIL_FAULTS") == "full"
MAILS, KILLS = (2_000, 20) if FULL else (200, 4)

# Everything that asks the database runs in a process of its own: this one is pytest's, on another database.
PREPARE = """
import sys
from datetime import timedelta
import django
django.setup()
from django.core.management import call_command
from django.utils import timezone
call_command("migrate", verbosity=0)
from agentfactory_cs.customers.models import Contact, Customer
from agentfactory_cs.messaging.models import Email, SendingPace
from agentfactory_cs.messaging.tests.mails import make_template
now, number = timezone.now(), int(sys.argv[1])
template = make_template("fault")
customers = Customer.objects.bulk_create([Customer(name=f"C{n}", signed_up_at=now) for n in range(number)])
contacts = Contact.objects.bulk_create(
    [Contact(customer=c, name=f"P{n}", email=f"p{n}@example.com", is_primary=True) for n, c in enumerate(customers)]
)
moments = {"created_at": now, "due_at": now, "not_before": now}
Email.objects.bulk_create(
    [Email(customer_id=c.customer_id, contact=c, template=template, topic_id=template.topic_id, is_automatic=False,
           dedupe_key=f"fault:{c.pk}", **moments) for c in contacts]
)
SendingPace.objects.create(provider="smtp", per_second=0, refilled_at=now)
"""
KEEP = """
import sys
from functools import partial
from pathlib import Path
from typing import Any
from agentfactory_cs.embedded.servers import Postgres
server = Postgres(Path(sys.argv[1]))
server.start()
print("ready", flush=True)
for line in sys.stdin:
    if line.strip() == "crash":
        server.process.send_signal(server.kill_signal)
        server.process.wait()
    else:
        server.stop()
    server.start()
    print("ready", flush=True)
server.stop()
"""

Process = subprocess.Popen[str]


def _start(environment: dict[str, str], *arguments: str) -> Process:
    return subprocess.Popen(
        [sys.executable, *arguments],
        env=environment,
        cwd=PROJECT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def _say(process: Process, words: str = "") -> str:
    """Tell a process something, and hear what it says next."""
    assert process.stdin is not None
    assert process.stdout is not None
    if words:
        process.stdin.write(f"{words}\n")
        process.stdin.flush()
    return process.stdout.readline().strip()


def _worker(environment: dict[str, str]) -> Process:
    return _start(environment, "-m", "agentfactory_cs.messaging.tests.faults")


@contextmanager
def _scene(folder: Path) -> Iterator[tuple[dict[str, str], Process, Path]]:
    """A database of its own with MAILS due mails, and a mail server; yields how to reach them."""
    log = folder / "sink.log"
    log.touch()
    environment = {**os.environ, "VAR_DIR": str(folder), "EMBEDDED_UNSAFE": "1"}
    environment |= {"DJANGO_SETTINGS_MODULE": "agentfactory_cs.settings", "DATABASE_URL": database_url(folder)}
    keeper = _start(environment, "-c", KEEP, str(folder))
    sink = _start(environment, "-m", "agentfactory_cs.messaging.tests.sink", "0", str(log))
    try:
        assert _say(keeper) == "ready"
        environment["EMAIL_URL"] = f"smtp://127.0.0.1:{_say(sink)}"
        subprocess.run([sys.executable, "-c", PREPARE, str(MAILS)], env=environment, cwd=PROJECT, check=True)
        yield environment, keeper, log
    finally:
        sink.kill()
        sink.communicate()
        keeper.communicate(timeout=60)


def _harm(workers: list[Process], environment: dict[str, str], keeper: Process, log: Path, how: str) -> None:
    """Kill one worker after another while they send; in the middle of it the database goes away and comes back."""
    chance = random.Random(4)
    for kill in range(KILLS):
        taken = (kill + 1) * MAILS // (KILLS + 4)
        wait_until(partial(_took, log, taken), seconds=120)
        place = chance.randrange(len(workers))
        workers[place].kill()
        workers[place].communicate()
        workers[place] = _worker(environment)
        # After a crash a whole batch may be in doubt: what is taken by then is as much as is sure to be.
        if kill == (KILLS // 2 if how == "restart" else KILLS - 1):
            assert _say(keeper, how) == "ready"


def _took(log: Path, mails: int) -> bool:
    return len(log.read_text().splitlines()) >= mails


def _rows(environment: dict[str, str], question: str) -> list[Any]:
    with closing(psycopg2.connect(environment["DATABASE_URL"])) as database, database.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchall()


def _under_way(environment: dict[str, str]) -> bool:
    waiting = "SELECT count(*) FROM messaging_email WHERE state IN ('waiting', 'sending') OR claimed_at IS NOT NULL"
    return _rows(environment, waiting + " AND state <> 'uncertain'") != [(0,)]


@pytest.mark.parametrize("how", ["restart", "crash"])
def test_every_mail_is_sent_once_or_refused_for_good_or_listed_as_uncertain(how: str) -> None:
    with var_folder() as folder, _scene(folder) as (environment, keeper, log):
        workers = [_worker(environment) for _ in range(2)]
        try:
            _harm(workers, environment, keeper, log, how)
            wait_until(lambda: not _under_way(environment), seconds=120)
        finally:
            for worker in workers:
                worker.kill()
                worker.communicate()

        taken = Counter(line.split()[0] for line in log.read_text().splitlines())
        states: dict[str, str] = dict(_rows(environment, "SELECT message_id, state FROM messaging_email"))
        told = _rows(environment, "SELECT count(*) FROM events_event WHERE trigger = 'messaging.email_sent'")

    by_state = Counter(states.values())
    assert max(taken.values()) == 1, "a mail was sent twice"
    assert len(states) == MAILS
    assert set(by_state) <= {"sent", "failed", "uncertain"}
    assert {message for message, state in states.items() if state == "sent"} <= set(taken), "a mail was lost"
    assert not {message for message, state in states.items() if state == "failed"} & set(taken)
    assert told == [(by_state["sent"],)]
    if how == "restart":
        assert by_state["uncertain"] <= KILLS
