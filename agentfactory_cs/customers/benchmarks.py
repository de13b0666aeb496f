"""How fast usage comes in over REST, against the database alone."""

import http.client
import os
import random
import socket
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import StringIO
from statistics import quantiles
from typing import Any

import msgspec
import psycopg2
from django.core.management import call_command
from django.db import connection

from agentfactory_cs.benchmarks import Benchmark, Report, address_of, benchmarks

from .models import Customer, Feature
from .services.ingest import array_literal

COUNTS = ("api_calls", "active_agents", "conversations", "logins", "active_users", "community_posts")
_WARM_UP = 3
_STARTS_WITHIN_SECONDS = 60
_UPSERT = f"""
INSERT INTO customers_usageday (customer_id, day, features, {", ".join(COUNTS)})
SELECT * FROM unnest(%s::bigint[], %s::date[], %s::bigint[], {", ".join(["%s::int[]"] * len(COUNTS))})
ON CONFLICT (customer_id, day) DO UPDATE
SET features = EXCLUDED.features, {", ".join(f"{name} = EXCLUDED.{name}" for name in COUNTS)}
"""

Row = tuple[int, ...]


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--requests", type=int, default=40, help="Requests measured (default 40).")
    parser.add_argument("--rows", type=int, default=5_000, help="Rows in each (default 5 000, the most there may be).")


def run(options: dict[str, Any], report: Report) -> dict[str, Any]:
    """The same rows for one day through gunicorn and for another by psycopg2, in turns, so that a busy moment of
    the machine hits both."""
    requests, rows = options["requests"], options["rows"]
    customers, bits = _prepared(rows)
    today = datetime.now(UTC).date()
    seconds: dict[str, list[float]] = {"ours": [], "baseline": []}
    with _server() as post, _bare_connection() as upsert:
        for turn in range(-_WARM_UP, requests):
            values = _values(rows, len(bits), seed=turn)
            bare_day, our_day = today - timedelta(2 * turn + 10), today - timedelta(2 * turn + 11)
            bare = [(key, bare_day, *row) for key, row in zip(customers.values(), values, strict=True)]
            body = _body(customers, our_day, values, bits)
            spent = _timed(upsert, bare), _timed(post, body)
            if turn >= 0:
                seconds["baseline"].append(spent[0])
                seconds["ours"].append(spent[1])
            _check_equal(bare_day, our_day, rows)
            report(f"{turn + 1:>4}  bare {spent[0] * 1e3:6.1f} ms   REST {spent[1] * 1e3:6.1f} ms")
    # The lower quartile of both: whatever else the machine does only ever adds to a turn.
    ours, baseline = (rows / quantiles(seconds[way], n=4)[0] for way in ("ours", "baseline"))
    return {
        "name": "ingest",
        "n": requests * rows,
        "unit": "rows/s",
        "ours": ours,
        "baseline": baseline,
        "ratio": ours / baseline,
        "rows_per_request": rows,
    }


def _prepared(rows: int) -> tuple[dict[str, int], list[str]]:
    """Customers by external id, and the names of the features by bit."""
    now = datetime.now(UTC)
    Customer.objects.bulk_create(
        Customer(external_id=f"tenant-{number:06}", name=f"Customer {number}", signed_up_at=now)
        for number in range(rows)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE customers_customer")
    features = list(Feature.objects.order_by("bit").values_list("name", flat=True))
    customers = Customer.objects.order_by("id").values_list("external_id", "id")
    return {str(external_id): key for external_id, key in customers}, features


def _values(rows: int, features: int, seed: int) -> list[Row]:
    """A bit set over the features and the six counts, for each customer."""
    pick = random.Random(seed)
    return [
        (
            sum(1 << bit for bit in pick.sample(range(features), 3)),
            pick.randrange(20_000),
            pick.randrange(30),
            pick.randrange(3_000),
            pick.randrange(50),
            pick.randrange(40),
            pick.randrange(3),
        )
        for _ in range(rows)
    ]


def _body(customers: dict[str, int], day: Any, values: list[Row], names: list[str]) -> bytes:
    rows = [
        {
            "customer_external_id": external_id,
            "day": day,
            **dict(zip(COUNTS, row[1:], strict=True)),
            "features": [name for bit, name in enumerate(names) if row[0] >> bit & 1],
        }
        for external_id, row in zip(customers, values, strict=True)
    ]
    return msgspec.json.encode({"rows": rows})


@contextmanager
def _bare_connection() -> Iterator[Any]:
    bare = psycopg2.connect(**connection.get_connection_params() | {"cursor_factory": None})

    def upsert(rows: list[Any]) -> None:
        with bare, bare.cursor() as cursor:
            cursor.execute(_UPSERT, [array_literal(column) for column in zip(*rows, strict=True)])

    try:
        yield upsert
    finally:
        bare.close()


@contextmanager
def _server() -> Iterator[Any]:
    """gunicorn as it runs in production, with one synchronous worker, over the benchmark's database."""
    key = StringIO()
    call_command("create_api_key", "benchmark", scope="write", stdout=key)
    headers = {"Authorization": f"Api-Key {key.getvalue().strip()}", "Content-Type": "application/json"}
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = _gunicorn(listener)
        try:
            port = listener.getsockname()[1]
            yield lambda body: _post(port, body, headers)
        finally:
            _stop(process)


def _gunicorn(listener: socket.socket) -> "subprocess.Popen[bytes]":
    """It inherits the listening socket, so that there is no free port to lose to somebody else."""
    options = ["--worker-class", "sync", "--workers", "1", "--no-control-socket", "--log-level", "warning"]
    # The limit on requests stays switched on, only higher: what it costs is part of the measurement.
    environment = {**os.environ, "DATABASE_URL": address_of(connection.settings_dict), "API_RATE": "1000000/min"}
    return subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "agentfactory_cs.wsgi", "--bind", f"fd://{listener.fileno()}", *options],
        pass_fds=(listener.fileno(),),
        env=environment,
    )


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _post(port: int, body: bytes, headers: dict[str, str]) -> None:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=_STARTS_WITHIN_SECONDS)
    try:
        client.request("POST", "/api/v1/usage/", body, headers)
        response = client.getresponse()
        answer = response.read()
        if response.status != 200:
            raise RuntimeError(f"The server answered {response.status}: {answer[:500].decode()}")
    finally:
        client.close()


def _timed(do: Any, what: Any) -> float:
    start = time.perf_counter()
    do(what)
    return time.perf_counter() - start


def _check_equal(one: Any, other: Any, rows: int) -> None:
    """Both ways must have stored the same."""
    columns = f"customer_id, features, {', '.join(COUNTS)}"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*), count(DISTINCT ({columns})) FROM customers_usageday WHERE day IN (%s, %s)", [one, other]
        )
        if cursor.fetchone() != (2 * rows, rows):
            raise RuntimeError("REST and the bare upsert stored different rows.")


benchmarks.register(Benchmark("customers.ingest", "Usage rows over REST against the bare upsert", run, add_arguments))
