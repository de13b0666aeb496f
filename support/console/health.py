"""How customers are, wherever a ticket names one: in the dress of whichever app knows it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from agentfactory_cs.console.registry import columns
from agentfactory_cs.customers.models import Customer

# The column of the customers list that shows it; where no app offers one, nothing is shown.
_KEY = "health.score"


def health_chips(customers: Sequence[Customer], now: datetime) -> Mapping[int, str]:
    """The chip of each, by customer; a fixed number of queries."""
    if not customers or _KEY not in columns:
        return {}
    column = columns.get(_KEY)
    loaded = column.load(customers, now)
    return {customer.pk: column.render(loaded.get(customer.pk)) for customer in customers}
