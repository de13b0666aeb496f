"""The platform in another process, and customers to set up on it."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
import pytest

from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.tests.factories import NOW, make_contact, make_customer
from agentfactory_cs.events.models import Event
from agentfactory_cs.tests.machine import PROJECT
from onboarding.models import ProvisioningStep
from onboarding.provisioning import prepare

KEY = "key-that-nobody-may-see"


@dataclass(frozen=True)
class LocalPlatform:
    """How to reach it: its address as we are configured with it, and what it tells of itself."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v1"

    def state(self) -> dict[str, Any]:
        return dict(httpx.get(f"http://127.0.0.1:{self.port}/_state").json())

    def calls(self) -> int:
        return sum(self.state()["answers"].values())

    def fail(self, method: str, path: str, kind: str, *, times: int = 1, seconds: float = 1) -> None:
        """The next calls like this fail in a way of platform.FAULTS."""
        self.fail_all([{"method": method, "path": path, "kind": kind, "times": times, "seconds": seconds}])

    def fail_all(self, faults: list[dict[str, Any]]) -> None:
        httpx.post(f"http://127.0.0.1:{self.port}/_faults", json=faults).raise_for_status()


@contextmanager
def running_platform(*arguments: str) -> Iterator[LocalPlatform]:
    command = [sys.executable, "-m", "onboarding.tests.platform", "--port", "0", "--key", KEY, *arguments]
    process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield LocalPlatform(int(process.stdout.readline()))
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def platform(settings: Any) -> Iterator[LocalPlatform]:
    """A platform of its own for this test, with blueprints for starters, and settings that lead there."""
    with running_platform() as running:
        settings.AGENTFACTORY_API_URL, settings.AGENTFACTORY_API_KEY = running.url, KEY
        settings.AGENTFACTORY_BLUEPRINTS = {"starter": "starter-kit"}
        settings.AGENTFACTORY_KNOWLEDGE_BLUEPRINTS = {"starter": "knowledge"}
        yield running


def new_customer(**fields: Any) -> Customer:
    """Signed up just now, not known on the platform, with a contact to make an account for; its set-up prepared."""
    customer = make_customer(**{"external_id": None, "signed_up_at": NOW, **fields})
    make_contact(customer, email=f"ada{customer.pk}@example.com", is_primary=True)
    prepare([customer], now=NOW)
    return customer


def states(customer: Customer) -> dict[str, str]:
    return dict(ProvisioningStep.objects.filter(customer=customer).order_by("position").values_list("kind", "state"))


def step_of(customer: Customer, kind: str) -> ProvisioningStep:
    return ProvisioningStep.objects.select_related("task").get(customer=customer, kind=kind)


def hear(handle: Callable[[Sequence[Event], datetime], None], now: datetime = NOW) -> None:
    """Hand a consumer everything that was recorded, as its feeder does; it must bear hearing of it again."""
    handle(list(Event.objects.order_by("pk").select_related("customer")), now)


def stopped_at(now: datetime) -> Callable[[], datetime]:
    return lambda: now
