"""Opening tickets over REST, with language, clocks and route, against REST framework's plain create of the same row."""

import cProfile
import pstats
import time
from collections.abc import Callable
from io import StringIO
from typing import Any

from django.core.management import call_command
from django.test import Client
from django.test.utils import override_settings

from agentfactory_cs.benchmarks import Report

from ..levels import in_force
from ..models import Area, Team
from . import bare

_WARM_UP = 10
_TEXT = "Since Monday our agents stop answering at about two in the night. The log says that the quota is used up. "


Post = Callable[[int], None]


def measure(requests: int, report: Report, *, is_profiled: bool = False) -> dict[str, Any]:
    """Both by turns in one process, so that a busy moment of the machine hits both; tickets a second."""
    key = StringIO()
    call_command("create_api_key", "benchmark", scope="write", stdout=key)
    header = f"Api-Key {key.getvalue().strip()}"
    ways: dict[str, Post] = {"ours": _ours(header), "baseline": _bare(header)}
    # The limit stays switched on, only higher: what it costs is part of both.
    with override_settings(API_RATE="1000000/min", ROOT_URLCONF=bare.__name__):
        seconds = _by_turns(ways, requests)
        if is_profiled:
            report(_profile(ways["ours"]))
    rates = {name: requests / spent for name, spent in seconds.items()}
    report(f"REST: {rates['ours']:,.0f} tickets/s; bare create: {rates['baseline']:,.0f} tickets/s")
    return {**rates, "ratio": rates["ours"] / rates["baseline"]}


def _by_turns(ways: dict[str, Post], requests: int) -> dict[str, float]:
    """Seconds that each took in all."""
    seconds = dict.fromkeys(ways, 0.0)
    for turn in range(-_WARM_UP, requests):
        for name, post in ways.items():
            start = time.perf_counter()
            post(turn)
            seconds[name] += (time.perf_counter() - start) * (turn >= 0)
    return seconds


def _ours(header: str) -> Post:
    def body(turn: int) -> dict[str, Any]:
        return {
            "subject": f"Agents stop answering at night, {turn}",
            "text": _TEXT * 3,
            "customer_external_id": f"bench-{1 + turn % 100}",
            "area": "agents",
            "severity": "normal",
            "tags": ["night"],
        }

    return _posting(header, "/api/v1/tickets/", body)


def _bare(header: str) -> Post:
    """With every value told that ours finds out."""
    row = _row()

    def body(turn: int) -> dict[str, Any]:
        return {**row, "subject": f"Agents stop answering at night, {turn}", "customer": 1 + turn % 100}

    return _posting(header, bare.ADDRESS, body)


def _posting(header: str, address: str, body: Callable[[int], dict[str, Any]]) -> Post:
    client = Client(headers={"Authorization": header})

    def post(turn: int) -> None:
        response = client.post(address, body(turn), content_type="application/json", SERVER_NAME="localhost")
        if response.status_code != 201:
            raise RuntimeError(f"{address} answered {response.status_code}: {response.content[:300]!r}")

    return post


def _row() -> dict[str, Any]:
    moment = "2026-11-20T10:00:00Z"
    team, area = Team.objects.get(takes_the_rest=True), Area.objects.get(key="agents")
    moments = ("first_response_due_at", "resolution_due_at", "next_warning_at", "waiting_since", "customer_wrote_at")
    return {
        "channel": "api",
        "area": area.pk,
        "team": team.pk,
        "severity": "normal",
        "language": "en",
        "language_source": "detected",
        "tags": ["night"],
        "service_version": in_force().pk,
        "created_at": moment,
        "updated_at": moment,
        **dict.fromkeys(moments, moment),
    }


def _profile(post: Post) -> str:
    """Where the time of a hundred tickets goes, by what each function took with all it called."""
    profile = cProfile.Profile()
    profile.enable()
    for turn in range(100):
        post(turn)
    profile.disable()
    out = StringIO()
    pstats.Stats(profile, stream=out).sort_stats("cumulative").print_stats(r"support/|messaging/|execute", 30)
    return out.getvalue()
