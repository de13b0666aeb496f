"""The demo's customers: eight stories and the fleet around them (docs/demo.md).

`accounts` says who they are and how they fare, `stories` and `routine` what happens to them, `usage` what
they do; `accounting` and `work` write it down through the services.
"""

from agentfactory_cs.demo import Stage, stages

from .accounts import Account
from .book import customers_there, tell_accounts, tell_usage, tell_work, tellings
from .fleet import account
from .staff import hire, name_taken
from .telling import Telling

stages.register(Stage("customers.staff", "Our people", hire, order=10, obstacle=name_taken))
stages.register(Stage("customers.accounts", "Customers and contracts", tell_accounts, 20, customers_there))
stages.register(Stage("customers.usage", "Usage", tell_usage, order=30))
stages.register(Stage("customers.work", "Goals, talks and tasks", tell_work, order=40))

__all__ = ["Account", "Telling", "account", "tellings"]
