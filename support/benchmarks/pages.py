"""The pages that people at the desk have open all day: every queue, and one ticket."""

import time
from dataclasses import dataclass
from statistics import median

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import reverse

from agentfactory_cs.benchmarks import Report

from ..models import Ticket
from ..queues import QUEUES

_PLAIN_NAMES = "django.contrib.staticfiles.storage.StaticFilesStorage"


@dataclass(frozen=True)
class Page:
    """Milliseconds of the middle one of several requests, and how many queries it took."""

    ms: float
    queries: int


def measure(rounds: int, report: Report) -> dict[str, Page]:
    """Of each page by name, as somebody of the desk sees it."""
    client = Client()
    client.force_login(get_user_model().objects.get(username="agent0"))
    found = {}
    # No need of the files that the pages name, which another command collects.
    with override_settings(STORAGES={**settings.STORAGES, "staticfiles": {"BACKEND": _PLAIN_NAMES}}):
        for name, address in _addresses().items():
            found[name] = _page(client, address, rounds)
            report(f"  {name:<12} {found[name].ms:7.1f} ms  {found[name].queries} queries")
    return found


def _addresses() -> dict[str, str]:
    queues = reverse("admin:support_ticket_changelist")
    newest = Ticket.objects.unsolved().latest("pk")
    pages = {queue.key: f"{queues}?queue={queue.key}" for queue in QUEUES}
    return {**pages, "ticket": reverse("admin:support_ticket_change", args=[newest.pk])}


def _page(client: Client, address: str, rounds: int) -> Page:
    """The first request pays for what is only once, and is not counted."""
    _get(client, address)
    took = []
    for _each in range(rounds):
        start = time.perf_counter()
        _get(client, address)
        took.append(1_000 * (time.perf_counter() - start))
    with CaptureQueriesContext(connection) as queries:
        _get(client, address)
    return Page(median(took), len(queries))


def _get(client: Client, address: str) -> None:
    response = client.get(address, SERVER_NAME="localhost")
    if response.status_code != 200:
        raise RuntimeError(f"{address} answered {response.status_code}.")
    response.getvalue()
