"""Two beats and two workers at once, and Redis emptied twice meanwhile: nobody enters twice, and nothing is sent
twice or lost. Real processes on servers of their own.
"""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from email import message_from_bytes, policy
from pathlib import Path

import psycopg2
import redis

from agentfactory_cs.embedded import database_url, redis_url
from agentfactory_cs.tests.machine import PROJECT, USER, var_folder, wait_until

CUSTOMERS = 60

# The daily look is made every second, by each of the beats.
PREPARE = """
import sys
import django
django.setup()
from django.core.management import call_command
from django.utils import timezone
call_command("migrate", verbosity=0)
from django_celery_beat.models import IntervalSchedule, PeriodicTask, PeriodicTasks
from agentfactory_cs.customers.models import Contact, Customer
from playbooks.tests.factories import make_playbook, manual_step
now, number = timezone.now(), int(sys.argv[1])
customers = Customer.objects.bulk_create([Customer(name=f"C{n}", signed_up_at=now) for n in range(number)])
Contact.objects.bulk_create(
    [Contact(customer=c, name=f"P{n}", email=f"p{n}@example.com", is_primary=True) for n, c in enumerate(customers)]
)
mail = {"key": "mail", "title": "Mail", "kind": "action", "day": 0, "action": "messaging.send_mail"}
make_playbook(mail | {"params": {"template": "welcome_email"}}, manual_step(), trigger={"kind": "schedule"}, now=now)
every_second = IntervalSchedule.objects.get_or_create(every=1, period="seconds")[0]
PeriodicTask.objects.exclude(task__startswith="playbooks.").exclude(task__endswith="deliver_mail").update(enabled=False)
PeriodicTask.objects.filter(enabled=True).update(crontab=None, interval=every_second)
PeriodicTasks.update_changed()
"""
CELERY = ("-m", "celery", "-q", "-A", "agentfactory_cs")


@contextmanager
def running(environment: dict[str, str], *arguments: str) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, *CELERY, *arguments], cwd=PROJECT, env=environment, start_new_session=True
    )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def servers(folder: Path) -> Iterator[dict[str, str]]:
    environment = {**os.environ, "VAR_DIR": str(folder), "EMBEDDED_UNSAFE": "1", "EMAIL_URL": ""}
    environment |= {"DATABASE_URL": database_url(folder), "REDIS_URL": redis_url(folder)}
    environment |= {"DJANGO_SETTINGS_MODULE": "agentfactory_cs.settings"}
    command = [sys.executable, "-c", USER, str(folder), "postgres", "valkey"]
    keeper = subprocess.Popen(
        command, cwd=PROJECT, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert keeper.stdout is not None
        assert keeper.stdout.readline().strip() == "ready"
        subprocess.run([sys.executable, "-c", PREPARE, str(CUSTOMERS)], env=environment, cwd=PROJECT, check=True)
        yield environment
    finally:
        keeper.communicate(timeout=60)


def count(environment: dict[str, str], question: str) -> int:
    with closing(psycopg2.connect(environment["DATABASE_URL"])) as database, database.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {question}")  # noqa: S608 - the tables are named below
        return int(cursor.fetchone()[0])


def empty_redis(environment: dict[str, str]) -> None:
    with closing(redis.Redis.from_url(environment["REDIS_URL"])) as broker:
        broker.flushall()


def test_two_beats_start_nothing_twice_and_an_emptied_redis_loses_nothing() -> None:
    worker = ("worker", "--concurrency", "1", "--without-gossip", "--without-mingle", "--loglevel", "ERROR")
    with var_folder() as folder, servers(folder) as environment:
        beats = [running(environment, "beat", "--pidfile=", "--loglevel", "ERROR") for _ in range(2)]
        workers = [running(environment, *worker, "-n", f"w{number}@here") for number in range(2)]
        with beats[0], beats[1], workers[0], workers[1]:
            wait_until(lambda: count(environment, "playbooks_run") > 0, seconds=120)
            empty_redis(environment)
            wait_until(lambda: count(environment, "messaging_email WHERE state = 'sent'") > 0, seconds=120)
            empty_redis(environment)
            wait_until(lambda: count(environment, "messaging_email WHERE state = 'sent'") >= CUSTOMERS, seconds=120)
            wait_until(lambda: count(environment, "customers_task") >= CUSTOMERS, seconds=120)

        mails = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in folder.glob("mail/*.eml")]
        runs, tasks = count(environment, "playbooks_run"), count(environment, "customers_task")
        emails = count(environment, "messaging_email")

    assert (runs, tasks, emails) == (CUSTOMERS, CUSTOMERS, CUSTOMERS)
    assert Counter(str(mail["To"]) for mail in mails).most_common(1)[0][1] == 1
    assert len(mails) == CUSTOMERS
