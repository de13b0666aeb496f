"""A condition: rows of fact, operator and value, all or any of which must hold."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from django.db.models import Case, Q, QuerySet, Value, When
from django.utils.translation import gettext as _

from ..models import Customer
from .operators import Operator, operators_of
from .registry import Fact, FactType, facts

MAX_ROWS = 20
MAX_DAYS = 3_650


class BadCondition(ValueError):
    """A condition that cannot be asked; the message names the place and the reason."""


@dataclass(frozen=True)
class Row:
    """One line of a condition."""

    fact: Fact
    operator: Operator
    value: Any

    @classmethod
    def from_data(cls, data: Any, place: str) -> "Row":
        """Raises BadCondition."""
        if not isinstance(data, Mapping) or not set(data) <= {"fact", "operator", "value"}:
            raise BadCondition(f"{place}: must hold fact, operator and value, not {data!r}.")
        if data.get("fact") not in facts:
            raise BadCondition(f"{place}.fact: there is no fact {data.get('fact')!r}.")
        fact = facts.get(data["fact"])
        fitting = operators_of(fact.type)
        if not isinstance(data.get("operator"), str) or data["operator"] not in fitting:
            raise BadCondition(f"{place}.operator: must be one of {', '.join(fitting)}, not {data.get('operator')!r}.")
        operator = fitting[data["operator"]]
        return cls(fact, operator, _value(fact, operator, data.get("value"), f"{place}.value"))

    def sentence(self) -> str:
        """ "Health score is below 50 points"."""
        return f"{self.fact.label} {str(self.operator.words).format(value=self._said())}"

    def _said(self) -> str:
        if self.operator.needs == "number":
            return f"{self.value:g} {self.fact.unit}".strip()
        if self.operator.needs == "choices":
            labels = {str(key): str(label) for key, label in (self.fact.choices() if self.fact.choices else ())}
            return _(" or ").join(labels.get(key, key) for key in self.value)
        return _(" or ").join(self.value) if self.operator.needs == "words" else str(self.value)


def _value(fact: Fact, operator: Operator, value: Any, place: str) -> Any:
    if operator.needs == "nothing":
        if value not in (None, ""):
            raise BadCondition(f"{place}: this operator takes no value.")
        return None
    if operator.needs in ("number", "days"):
        return _number(value, place, whole=operator.needs == "days")
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, Sequence) or not words or not all(isinstance(word, str) and word for word in words):
        raise BadCondition(f"{place}: must be a list of words, not {value!r}.")
    if any("\0" in word for word in words):
        raise BadCondition(f"{place}: must not hold null characters, which no text in the database does.")
    if operator.needs == "choices" and fact.choices:
        known = {str(key) for key, _label in fact.choices()}
        if unknown := [word for word in words if word not in known]:
            raise BadCondition(f"{place}: must be of {', '.join(sorted(known))}, not {', '.join(unknown)}.")
    return list(words)


def _number(value: Any, place: str, *, whole: bool) -> float | int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value or abs(value) == float("inf"):
        raise BadCondition(f"{place}: must be a number, not {value!r}.")
    if whole and not (value == int(value) and 0 <= value <= MAX_DAYS):
        raise BadCondition(f"{place}: must be whole days from 0 to {MAX_DAYS}, not {value!r}.")
    return int(value) if whole else value


@dataclass(frozen=True)
class Judgement:
    """Whether a condition holds for a customer, and what it was judged by: (sentence, holds, the fact's value)."""

    holds: bool
    rows: Sequence[tuple[str, bool, Any]]


@dataclass(frozen=True)
class Condition:
    """Rows of which all or any must hold. Without rows it holds for everybody."""

    match: Literal["all", "any"]
    rows: Sequence[Row]

    @classmethod
    def from_data(cls, data: Mapping[str, Any] | None, place: str = "condition") -> "Condition":
        """From {"match": "all" | "any", "rows": [{"fact", "operator", "value"}]}. Raises BadCondition."""
        if data is None:
            return cls("all", ())
        if not isinstance(data, Mapping) or not set(data) <= {"match", "rows"}:
            raise BadCondition(f"{place}: must hold match and rows, not {data!r}.")
        match, rows = data.get("match", "all"), data.get("rows", [])
        if match not in ("all", "any"):
            raise BadCondition(f"{place}.match: must be all or any, not {match!r}.")
        if not isinstance(rows, Sequence) or isinstance(rows, str) or len(rows) > MAX_ROWS:
            raise BadCondition(f"{place}.rows: must be a list of at most {MAX_ROWS}.")
        return cls(match, [Row.from_data(row, f"{place}.rows.{at}") for at, row in enumerate(rows)])

    def narrow(self, customers: QuerySet[Customer], now: datetime) -> QuerySet[Customer]:
        """Those of `customers` for whom it holds: still one query."""
        if not self.rows:
            return customers
        return customers.alias(**self._named(now)).filter(self._question(now))

    def judge(self, customer_ids: Iterable[int], now: datetime) -> dict[int, Judgement]:
        """Whether it holds for each of these customers, row by row with the facts' values. One query."""
        holds = {f"holds_{at}": _yes_or_no(q) for at, q in enumerate(self._questions(now))}
        names = {f"value_{at}": row.fact.expression(now) for at, row in enumerate(self.rows)}
        customers = Customer.objects.filter(pk__in=list(customer_ids)).alias(**self._named(now))
        found = customers.annotate(**holds, **names).values("pk", *holds, *names)
        sentences = [row.sentence() for row in self.rows]  # once, not once a customer: half the time went there
        return {line["pk"]: self._judgement(line, sentences) for line in found}

    def sentence(self) -> str:
        """In words: "Health score is below 50 points and stage is not Onboarding"."""
        if not self.rows:
            return _("everybody")
        joint = _(" and ") if self.match == "all" else _(" or ")
        return joint.join(row.sentence() for row in self.rows)

    def _named(self, now: datetime) -> dict[str, Any]:
        """What is joined, each once, and then the facts."""
        joined = {name: relation for row in self.rows for name, relation in row.fact.relations(now).items()}
        return joined | {f"fact_{at}": row.fact.expression(now) for at, row in enumerate(self.rows)}

    def _questions(self, now: datetime) -> list[Q]:
        return [row.operator.ask(f"fact_{at}", row.value, now) for at, row in enumerate(self.rows)]

    def _question(self, now: datetime) -> Q:
        asked = Q()
        for question in self._questions(now):
            asked = asked & question if self.match == "all" else asked | question
        return asked

    def _judgement(self, line: Mapping[str, Any], sentences: Sequence[str]) -> Judgement:
        rows = [
            (sentences[at], line[f"holds_{at}"], _plain(line[f"value_{at}"], row.fact))
            for at, row in enumerate(self.rows)
        ]
        held = [holds for _sentence, holds, _value in rows]
        return Judgement(not rows or (all(held) if self.match == "all" else any(held)), rows)


def _yes_or_no(question: Q) -> Case:
    return Case(When(question, then=Value(True)), default=Value(False))


def _plain(value: Any, fact: Fact) -> Any:
    """As JSON keeps it."""
    if isinstance(value, date):
        return value.isoformat()
    return float(value) if fact.type is FactType.NUMBER and value is not None else value
