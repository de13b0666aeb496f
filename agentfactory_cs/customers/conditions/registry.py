"""What conditions can ask about a customer, offered by the apps in their `facts.py`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db.models import FilteredRelation

from agentfactory_cs.console.registry import Words
from agentfactory_cs.registry import Registry


class FactType(StrEnum):
    """What kind of value a fact has, and so which operators fit it."""

    NUMBER = "number"
    CHOICE = "choice"
    YES_NO = "yes_no"
    DAY = "day"
    TAGS = "tags"


def _none(now: datetime) -> Mapping[str, FilteredRelation]:
    return {}


@dataclass(frozen=True)
class Fact:
    """Something known of a customer. `expression(now)` is an ORM expression over a queryset of customers, so that
    a condition over all of them is one query; None (SQL NULL) means that it is not known of a customer. Of a `now`
    in the past it says what was known then, as far as the records keep their dates.

    `relations(now)` are joined under their names before, at most one row a customer: several facts of one row name
    the same relation and share the join, which over everybody costs a fifth of as many subqueries. `unit` follows a
    number ("points"); `choices` are those of a choice. A TAGS fact's expression is an array of words. `as_of` says
    that asked with a moment in the past it answers what was so then; where it does not, it only knows today.
    """

    key: str
    label: Words
    type: FactType
    expression: Callable[[datetime], Any]
    definition: Words = ""
    unit: Words = ""
    choices: Callable[[], Sequence[tuple[str, Words]]] | None = None
    order: int = 100
    relations: Callable[[datetime], Mapping[str, FilteredRelation]] = _none
    as_of: bool = True


facts: Registry[Fact] = Registry("fact")
