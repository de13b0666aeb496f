"""What the tests of the REST resources share."""

from collections.abc import Iterator

import pytest
import time_machine

from .clients import ApiClient
from .factories import NOW


@pytest.fixture
def at_now() -> Iterator[None]:
    """The interfaces read the clock: it stands still at the factories' NOW."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def api(db: None, at_now: None) -> ApiClient:
    return ApiClient()
