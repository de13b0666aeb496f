"""What the tests of REST and console share."""

from agentfactory_cs.customers.tests.conftest import api, at_now, console, manager

__all__ = ["api", "at_now", "console", "manager"]
