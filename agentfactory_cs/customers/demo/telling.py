"""One demo customer in the telling: whom the services are called for, by whom, and when."""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Protocol, TypeVar

from django.contrib.auth.models import User

from agentfactory_cs.demo import World

from ..models import Customer
from .accounts import Account
from .scripts import Script


class Dated(Protocol):
    @property
    def days_ago(self) -> int: ...


Fact = TypeVar("Fact", bound=Dated)


@dataclass
class Telling:
    """`by` is the success manager; `customer` the row, once it is there."""

    world: World
    account: Account
    script: Script
    by: User | None
    customer: Customer

    def rng(self, topic: str) -> Random:
        return self.world.rng(f"customers.telling_{topic}", self.account.index)

    def moment(self, days_ago: int, hour: float = 9.0) -> datetime:
        """On the working day, but never before the customer had signed up."""
        moment = self.world.moment(self.world.workday(days_ago), hour)
        return max(moment, self.customer.signed_up_at + timedelta(minutes=5))

    def while_here(self, facts: Iterable[Fact]) -> Iterator[Fact]:
        """Oldest first, without what would have happened while the customer was away."""
        known = (fact for fact in facts if self.account.here(fact.days_ago))
        return iter(sorted(known, key=lambda fact: -fact.days_ago))


def address_part(name: str) -> str:
    """A name as it stands in an address: `lucia.navarro`."""
    plain = unicodedata.normalize("NFKD", name.lower().replace("ø", "o")).encode("ascii", "ignore").decode()
    return ".".join(plain.split())
