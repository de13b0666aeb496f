"""Benchmarks: our speed as a ratio against a baseline measured in the same run.

An app offers its own in its `benchmarks.py`. Each runs in a database of its own that is dropped afterwards.
"""

import os
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from django.core.management import call_command
from django.db import connection

from agentfactory_cs.registry import Registry

Report = Callable[[str], None]


@dataclass(frozen=True)
class Benchmark:
    """`run(options, report)` measures and returns `name`, `n`, `ours`, `baseline`, `ratio` (seconds or rows
    per second, as `unit` says) and whatever else it has to tell; `report` prints a line of progress."""

    key: str
    title: str
    run: Callable[[dict[str, Any], Report], dict[str, Any]]
    add_arguments: Callable[[ArgumentParser], None]

    @property
    def name(self) -> str:
        return self.key.split(".", 1)[1]


benchmarks: Registry[Benchmark] = Registry("benchmark")


@contextmanager
def throwaway_database() -> Iterator[str]:
    """A fresh, migrated database under the default alias; yields its address for other processes."""
    original = connection.settings_dict["NAME"]
    name = f"benchmark_{os.getpid()}"
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
    _switch_to(name)
    try:
        call_command("migrate", verbosity=0, interactive=False)
        yield address_of(connection.settings_dict)
    finally:
        _switch_to(original)
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _switch_to(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name


def address_of(database: dict[str, Any]) -> str:
    """The DATABASE_URL of a Django database setting, its options as the query."""
    login = quote(database["USER"] or "", safe="")
    if database["PASSWORD"]:
        login += ":" + quote(database["PASSWORD"], safe="")
    port = f":{database['PORT']}" if database["PORT"] else ""
    options = {name: value for name, value in database["OPTIONS"].items() if isinstance(value, str)}
    query = f"?{urlencode(options)}" if options else ""
    return f"postgres://{login}@{database['HOST'] or ''}{port}/{database['NAME']}{query}"
