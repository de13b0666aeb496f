"""What the tests of messaging share."""

from collections.abc import Iterator
from typing import Any

import pytest

from agentfactory_cs.customers.tests.conftest import api, at_now, console, manager

from .sink import Sink, running_sink

__all__ = ["api", "at_now", "console", "manager", "sink"]


@pytest.fixture
def sink(settings: Any) -> Iterator[Sink]:
    """A mail server that mail is configured to go to."""
    with running_sink(Sink()) as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server
