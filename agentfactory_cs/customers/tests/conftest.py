"""What the tests of REST and console share."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client

from .clients import ApiClient
from .factories import NOW, make_member


@pytest.fixture
def at_now() -> Iterator[None]:
    """The interfaces read the clock: it stands still at the factories' NOW."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def api(db: None, at_now: None) -> ApiClient:
    return ApiClient()


@pytest.fixture
def manager(db: None) -> Any:
    return make_member("CS manager", "mia")


@pytest.fixture
def console(manager: Any) -> Client:
    """Signed in as the manager."""
    client = Client()
    client.force_login(manager)
    return client
