"""Why nobody need be told of an alert: somebody is on it already.

An app that works on customers by itself (playbooks) registers here; nothing in health knows it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from agentfactory_cs.console.registry import Words
from agentfactory_cs.registry import Registry


@dataclass(frozen=True)
class Suppressor:
    """`customers(ids, now)` returns which of the customers are being looked after, each with the reason in words,
    in a fixed number of queries. It is called in the transaction that judges, and must only read.
    """

    key: str
    label: Words
    customers: Callable[[Sequence[int], datetime], Mapping[int, str]]
    order: int = 100


suppressors: Registry[Suppressor] = Registry("suppressor of alerts")


def reasons(customer_ids: Sequence[int], now: datetime) -> dict[int, str]:
    """Of the customers that are being looked after, why; the first registered reason holds."""
    found: dict[int, str] = {}
    for suppressor in suppressors:
        for customer_id, reason in suppressor.customers(customer_ids, now).items():
            found.setdefault(customer_id, reason)
    return found
