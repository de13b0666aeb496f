"""A pytest plugin: PostgreSQL and Valkey for one run of the tests, in a folder that is removed afterwards.

TEST_DATABASE_URL and TEST_REDIS_URL name servers to use instead. DATABASE_URL and REDIS_URL do not count here, nor
does `.env`: tests flush the broker and must never meet real data.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from agentfactory_cs import embedded
from agentfactory_cs.embedded.places import socket_dir

_folder: Path | None = None


# A property holds on a busy machine too: how long an example takes is no test's business.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Before pytest-django reads the settings, which read the environment. Workers of pytest-xdist inherit it."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        _start_servers()
    # A numbered database of the broker for each worker; pytest-django does the same for PostgreSQL.
    number = int((worker or "gw0").removeprefix("gw")) + 1
    redis = os.environ["TEST_REDIS_URL"]
    os.environ["REDIS_URL"] = f"{redis}?db={number}" if redis.startswith("unix://") else f"{redis.rstrip('/')}/{number}"
    os.environ["DATABASE_URL"] = os.environ["TEST_DATABASE_URL"]


def _start_servers() -> None:
    global _folder
    _folder = Path(tempfile.mkdtemp(prefix="agentfactory-cs-tests-"))
    _folder.chmod(0o711)  # root's servers run as somebody else, who passes through
    (_folder / "static").mkdir()
    os.environ |= {"VAR_DIR": str(_folder), "EMBEDDED_UNSAFE": "1"}
    os.environ.setdefault("TEST_DATABASE_URL", embedded.database_url(_folder))
    os.environ.setdefault("TEST_REDIS_URL", embedded.redis_url(_folder))
    try:
        embedded.ensure_running(_folder, os.environ["TEST_DATABASE_URL"], os.environ["TEST_REDIS_URL"])
    except embedded.Unavailable as problem:
        pytest.exit(str(problem), returncode=1)


# Each takes a minute or more, in a file of its own: begun last, they would keep one worker busy while the others rest.
LONG = (
    "test_set_up_faults.py",
    "test_two_beats.py",
    "test_mail_faults.py",
    "test_advance.py",
    "test_up.py",
    "test_intervention.py",
    "test_new_customer.py",
    "test_benchmark.py",
    "test_console_in_a_browser.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first, in that order; everything else as it stands."""
    places = {name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: places.get(item.path.name, len(LONG)))


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    if _folder is not None:
        embedded.leave(wait_seconds=30)
        shutil.rmtree(socket_dir(_folder), ignore_errors=True)
        shutil.rmtree(_folder, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def _plain_static_files() -> Iterator[None]:
    """Pages are tested without collecting and compressing static files first; test_up.py does that once."""
    from django.conf import settings
    from django.test import override_settings

    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    with override_settings(STORAGES={**settings.STORAGES, "staticfiles": plain}):
        yield
