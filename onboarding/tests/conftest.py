from agentfactory_cs.customers.tests.conftest import api, at_now, console, manager
from agentfactory_cs.messaging.tests.conftest import sink

from .platforms import platform

__all__ = ["api", "at_now", "console", "manager", "platform", "sink"]
