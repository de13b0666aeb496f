from collections.abc import Iterator
from typing import Any

import pytest

from agentfactory_cs.customers.tests.conftest import api, at_now, console, manager

from .platforms import KEY, LocalPlatform, running_platform

__all__ = ["api", "at_now", "console", "manager"]


@pytest.fixture
def platform(settings: Any) -> Iterator[LocalPlatform]:
    """A platform of its own for this test, with blueprints for starters, and settings that lead there."""
    with running_platform() as running:
        settings.AGENTFACTORY_API_URL, settings.AGENTFACTORY_API_KEY = running.url, KEY
        settings.AGENTFACTORY_BLUEPRINTS = {"starter": "starter-kit"}
        settings.AGENTFACTORY_KNOWLEDGE_BLUEPRINTS = {"starter": "knowledge"}
        yield running
