"""The operators of conditions: which fit what kind of fact, what they need, and what they ask the database."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from django.db.models import Q

from agentfactory_cs.console.registry import Words

from ..days import utc_day
from .registry import FactType

Needs = Literal["nothing", "number", "days", "choices", "words"]


@dataclass(frozen=True)
class Operator:
    """One way to ask about a fact. `ask(name, value, now)` is the question over the fact's name in a queryset.

    `words` follows the fact in a sentence, with `{value}` where its value stands.
    """

    key: str
    words: Words
    needs: Needs
    ask: Callable[[str, Any, datetime], Q]


def _lookup(lookup: str) -> Callable[[str, Any, datetime], Q]:
    return lambda name, value, now: Q(**{f"{name}__{lookup}": value})


def _known(name: str, value: Any, now: datetime) -> Q:
    return Q(**{f"{name}__isnull": False})


def _unknown(name: str, value: Any, now: datetime) -> Q:
    return Q(**{f"{name}__isnull": True})


def _days(lookup: str, sign: int, border: str) -> Callable[[str, Any, datetime], Q]:
    """Days from today on, or back; the far end is `border`, today the near one."""

    def ask(name: str, value: Any, now: datetime) -> Q:
        today = utc_day(now)
        far = today + sign * timedelta(days=value)
        if border:
            return Q(**{f"{name}__{lookup}": (min(today, far), max(today, far))})
        return Q(**{f"{name}__{lookup}": far})

    return ask


_ASK_KNOWN = (
    Operator("known", "is known", "nothing", _known),
    Operator("unknown", "is not known", "nothing", _unknown),
)
_ALL: Mapping[FactType, tuple[Operator, ...]] = {
    FactType.NUMBER: (
        Operator("below", "is below {value}", "number", _lookup("lt")),
        Operator("at_most", "is at most {value}", "number", _lookup("lte")),
        Operator("above", "is above {value}", "number", _lookup("gt")),
        Operator("at_least", "is at least {value}", "number", _lookup("gte")),
        Operator("equals", "is {value}", "number", _lookup("exact")),
        *_ASK_KNOWN,
    ),
    FactType.CHOICE: (
        Operator("in", "is {value}", "choices", _lookup("in")),
        # What is not known is none of them either.
        Operator("not_in", "is not {value}", "choices", lambda name, value, now: ~_in(name, value)),
        *_ASK_KNOWN,
    ),
    FactType.YES_NO: (
        Operator("yes", "holds", "nothing", lambda name, value, now: Q(**{name: True})),
        Operator("no", "does not hold", "nothing", lambda name, value, now: Q(**{name: False})),
    ),
    FactType.DAY: (
        Operator("within_next", "lies within the next {value} days", "days", _days("range", 1, "today")),
        Operator("within_last", "lies within the last {value} days", "days", _days("range", -1, "today")),
        Operator("longer_ago", "lies more than {value} days back", "days", _days("lt", -1, "")),
        Operator("farther_off", "lies more than {value} days ahead", "days", _days("gt", 1, "")),
        *_ASK_KNOWN,
    ),
    FactType.TAGS: (
        Operator("has", "include {value}", "words", lambda name, value, now: Q(**{f"{name}__overlap": value})),
        Operator("has_not", "do not include {value}", "words", lambda name, value, now: ~_overlap(name, value)),
    ),
}


def _in(name: str, value: Any) -> Q:
    return Q(**{f"{name}__in": value, f"{name}__isnull": False})


def _overlap(name: str, value: Any) -> Q:
    return Q(**{f"{name}__overlap": value, f"{name}__isnull": False})


def operators_of(kind: FactType) -> Mapping[str, Operator]:
    return {operator.key: operator for operator in _ALL[kind]}
