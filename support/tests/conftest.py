from agentfactory_cs.customers.tests.conftest import api, at_now, console, manager

__all__ = ["api", "at_now", "console", "manager"]
