"""Signups pour in, calls fail, workers are killed: in the end everybody is set up, and no agent is there twice.

Real processes on servers of their own: 200 customers signed up by REST, a platform that allows 60 calls a *second* and
lets one call in twenty fail, two workers that are killed four times. The platform's real limit, 60 a minute, takes a
quarter of an hour; docs/onboarding.md says how that was tried.
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

from agentfactory_cs.embedded import database_url
from agentfactory_cs.tests.machine import PROJECT, var_folder, wait_until

from .platforms import KEY, LocalPlatform, running_platform

CUSTOMERS, KILLS = 200, 4

# Everything that asks the database runs in a process of its own: this one is pytest's, on another database.
PREPARE = """
import django
django.setup()
from django.core.management import call_command
from django.utils import timezone
from agentfactory_cs.events.consumers import feed_all
call_command("migrate", verbosity=0)
feed_all(now=timezone.now())
"""
SIGN_UP = """
import sys
import django
django.setup()
from agentfactory_cs.customers.tests.clients import ApiClient
api = ApiClient()
for number in range(int(sys.argv[1])):
    customer = api.post("customers/", {"name": f"C{number}", "tier": "starter"}).json()["id"]
    contact = {"customer": customer, "name": f"P{number}", "email": f"p{number}@example.com", "is_primary": True}
    assert api.post("contacts/", contact).status_code == 201
"""
# What a person does whose task asks for the tenant id: looks it up on the platform, and enters it.
LOOK_UP = """
import json
import sys
import django
django.setup()
from django.utils import timezone
from agentfactory_cs.customers.models import Contact
from agentfactory_cs.customers.services import save_customer
from onboarding.models import ProvisioningStep
accounts = json.loads(sys.argv[1])
for step in ProvisioningStep.objects.filter(kind="account", state="with_person").select_related("customer"):
    step.customer.external_id = accounts[step.customer.contacts.get().email]["tenant_id"]
    save_customer(step.customer, changed={"external_id"}, now=timezone.now())
"""
KEEP = """
import sys
from pathlib import Path
from agentfactory_cs.embedded.servers import Postgres
server = Postgres(Path(sys.argv[1]))
server.start()
print("ready", flush=True)
sys.stdin.read()
server.stop()
"""

Environment = dict[str, str]


@contextmanager
def _scene(folder: Path, platform: LocalPlatform) -> Iterator[Environment]:
    (folder / "static").mkdir()
    environment = {
        **os.environ,
        "VAR_DIR": str(folder),
        "EMBEDDED_UNSAFE": "1",
        "API_RATE": "",
        "ALLOWED_HOSTS": "testserver",
    }
    environment |= {"DJANGO_SETTINGS_MODULE": "agentfactory_cs.settings", "DATABASE_URL": database_url(folder)}
    environment |= {
        "AGENTFACTORY_API_URL": platform.url,
        "AGENTFACTORY_API_KEY": KEY,
        "AGENTFACTORY_WEBHOOK_SECRET": "s",
    }
    environment |= {
        "AGENTFACTORY_BLUEPRINTS": "starter=starter-kit",
        "AGENTFACTORY_KNOWLEDGE_BLUEPRINTS": "starter=knowledge",
    }
    environment |= {"AGENTFACTORY_CALLS_PER_MINUTE": "6000", "AGENTFACTORY_CALLS_PER_HOUR": "100000"}
    keeper = subprocess.Popen(
        [sys.executable, "-c", KEEP, str(folder)],
        env=environment,
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert keeper.stdout
        assert keeper.stdout.readline() == "ready\n"
        _run(environment, PREPARE)
        yield environment
    finally:
        keeper.communicate(timeout=60)


def _run(environment: Environment, program: str, *arguments: str) -> None:
    subprocess.run([sys.executable, "-c", program, *arguments], env=environment, cwd=PROJECT, check=True)


def _worker(environment: Environment) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-m", "onboarding.tests.faults"], env=environment, cwd=PROJECT)


def _rows(environment: Environment, question: str) -> list[Any]:
    with closing(psycopg2.connect(environment["DATABASE_URL"])) as database, database.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchall()


def _settled(environment: Environment, states: str = "'done'") -> int:
    question = f"SELECT count(*) FROM onboarding_provisioningstep WHERE state IN ({states})"  # noqa: S608
    return int(_rows(environment, question)[0][0])


def _kill_in_the_middle(environment: Environment, workers: "list[subprocess.Popen[bytes]]") -> None:
    chance = random.Random(5)
    for kill in range(KILLS):
        wait_until(partial(_has_settled, environment, (kill + 1) * CUSTOMERS * 4 // (KILLS + 2)), seconds=120)
        place = chance.randrange(len(workers))
        workers[place].kill()
        workers[place].communicate()
        workers[place] = _worker(environment)


def _has_settled(environment: Environment, steps: int) -> bool:
    return _settled(environment) >= steps


def _waits_for_people_only(environment: Environment) -> bool:
    """Whom the rest of the set-up waits for is a person, or nobody."""
    open_ones = """
        SELECT count(*) FROM onboarding_provisioningstep AS step WHERE state IN ('waiting', 'calling')
        AND NOT EXISTS (SELECT FROM onboarding_provisioningstep AS account WHERE account.customer_id = step.customer_id
                        AND account.kind = 'account' AND account.state = 'with_person')"""
    return _rows(environment, open_ones) == [(0,)] and _settled(environment) > 0


def test_everybody_is_set_up_once_whatever_fails() -> None:
    limits = ("--minute-seconds", "1", "--hour-seconds", "100", "--chance", "0.05")
    with var_folder() as folder, running_platform(*limits) as platform, _scene(folder, platform) as environment:
        workers = [_worker(environment) for _ in range(2)]
        try:
            _run(environment, SIGN_UP, str(CUSTOMERS))
            _kill_in_the_middle(environment, workers)
            wait_until(lambda: _waits_for_people_only(environment), seconds=120)
            # Whose account was made by a call that had no answer: the contract leaves no way to ask for its id.
            asked = _rows(environment, "SELECT kind FROM onboarding_provisioningstep WHERE state = 'with_person'")
            _run(environment, LOOK_UP, str(platform.state()["accounts"]).replace("'", '"'))
            wait_until(lambda: _settled(environment) == CUSTOMERS * 4, seconds=120)
        finally:
            for worker in workers:
                worker.kill()
                worker.communicate()
        state = platform.state()
        tenants = _rows(environment, "SELECT external_id FROM customers_customer ORDER BY 1")
        provisioned = "SELECT count(*) FROM onboarding_milestone WHERE key = 'account_provisioned'"
        reached = _rows(environment, provisioned)
        first = _rows(environment, "SELECT count(*) FROM onboarding_milestone WHERE key = 'first_agent'")

    answers = Counter(state["answers"])
    assert len(state["accounts"]) == CUSTOMERS
    assert sorted(tenant for (tenant,) in tenants) == sorted(one["tenant_id"] for one in state["accounts"].values())
    assert len(state["created"]) == CUSTOMERS * 2
    assert max(state["created"].values()) == 1, "an agent was created twice"
    assert answers["POST 500"] + answers["POST cut"] > 10, "hardly a call failed: nothing was proved"
    assert {kind for (kind,) in asked} <= {"account"}
    assert len(asked) <= CUSTOMERS / 10
    assert (reached, first) == ([(CUSTOMERS,)], [(0,)])
