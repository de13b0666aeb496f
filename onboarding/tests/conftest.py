from agentfactory_cs.customers.tests.conftest import at_now

__all__ = ["at_now"]
