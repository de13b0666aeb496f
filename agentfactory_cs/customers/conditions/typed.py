"""A condition as a form sends it: rows of words, kept as they were typed and read into a condition's data."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from .condition import MAX_DAYS, BadCondition, Row
from .operators import Operator, operators_of
from .registry import Fact, facts

# A form may send more rows than a condition may have, so that the refusal shows them all; beyond this is no form.
MOST = 100


class BadRow(ValueError):
    """A row that cannot be asked; the message is for the person who typed it."""


@dataclass(frozen=True)
class TypedRow:
    """One row as it stands in a form: `values` are the words of its inputs, one a ticked choice."""

    fact: str = ""
    operator: str = ""
    values: Sequence[str] = ()

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "TypedRow":
        """A stored row, as the form shows it at first."""
        value = row.get("value")
        values = [] if value is None else value if isinstance(value, list) else [value]
        return cls(str(row.get("fact", "")), str(row.get("operator", "")), [_shown(value) for value in values])

    @property
    def is_blank(self) -> bool:
        return not self.fact

    def data(self) -> dict[str, Any]:
        """The row of a condition. Raises BadRow."""
        if self.fact not in facts:
            raise BadRow(
                _("There is no fact “%(fact)s” here: choose another, or take the row out.") % {"fact": self.fact}
            )
        fact = facts.get(self.fact)
        operator = operators_of(fact.type).get(self.operator)
        if operator is None:
            raise BadRow(_("Choose how to compare."))
        value = _value(fact, operator, self.values)
        data = {"fact": fact.key, "operator": operator.key, **({} if value is None else {"value": value})}
        try:
            Row.from_data(data, "row")
        except BadCondition as error:
            raise BadRow(str(error).partition(": ")[2].capitalize()) from None
        return data

    def problem(self) -> str:
        """Why it cannot be asked; "" where it can, or where there is nothing to ask."""
        try:
            if not self.is_blank:
                self.data()
        except BadRow as error:
            return str(error)
        return ""


@dataclass(frozen=True)
class Typed:
    """A condition as it stands in a form."""

    match: str
    rows: Sequence[TypedRow]

    @classmethod
    def of(cls, data: Mapping[str, Any] | None) -> "Typed":
        """A stored condition, None being one without rows."""
        data = data or {}
        return cls(data.get("match", "all"), [TypedRow.of(row) for row in data.get("rows", ())])

    @classmethod
    def read(cls, sent: Any, name: str) -> "Typed":
        """From a form's data: `name-match`, and `name-7-fact`, `-operator`, `-value` of each row, by their numbers."""
        pattern = re.compile(rf"{re.escape(name)}-(\d{{1,6}})-fact")
        numbers = sorted(int(found[1]) for key in sent if (found := pattern.fullmatch(key)))
        return cls(sent.get(f"{name}-match", "all"), [_read_row(sent, f"{name}-{n}") for n in numbers[:MOST]])

    def data(self) -> dict[str, Any] | None:
        """The condition's data, None where no row asks for anything. Raises BadRow by the first row that cannot."""
        rows = [row.data() for row in self.rows if not row.is_blank]
        return {"match": self.match, "rows": rows} if rows else None

    def problems(self) -> list[tuple[int, str]]:
        """The number of each row that cannot be asked, from 1 as people count, and why."""
        told = [(at, row.problem()) for at, row in enumerate(self.rows, 1)]
        return [(at, problem) for at, problem in told if problem]


def _read_row(sent: Any, name: str) -> TypedRow:
    return TypedRow(sent.get(f"{name}-fact", ""), sent.get(f"{name}-operator", ""), _all(sent, f"{name}-value"))


def _all(sent: Any, name: str) -> list[str]:
    if isinstance(sent, MultiValueDict):
        return sent.getlist(name)
    value = sent.get(name, [])
    return list(value) if isinstance(value, list | tuple) else [value]


def _shown(value: Any) -> str:
    """To the last digit: it is read back."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _value(fact: Fact, operator: Operator, values: Sequence[str]) -> Any:
    match operator.needs:
        case "nothing":
            return None
        case "number":
            return _number(values, _("Give a number."))
        case "days":
            return _number(values, _("Give whole days from 0 to %(most)s.") % {"most": MAX_DAYS})
        case "choices" if fact.choices:
            return _choices(fact, values)
    return _words(values)


def _number(values: Sequence[str], refusal: str) -> float | int:
    """Also with a decimal comma; a whole one without decimals."""
    try:
        number = float("".join(values).strip().replace(",", "."))
        return int(number) if number.is_integer() else number
    except (ValueError, OverflowError):
        raise BadRow(refusal) from None


def _words(values: Sequence[str]) -> list[str]:
    """With commas between them, each once."""
    words = [word.strip() for value in values for word in value.split(",")]
    if not any(words):
        raise BadRow(_("Give at least one word."))
    return list(dict.fromkeys(filter(None, words)))


def _choices(fact: Fact, values: Sequence[str]) -> list[str]:
    """Ticked, or typed as keys or labels where the page could not offer them to tick."""
    offered = [(str(key), str(label)) for key, label in (fact.choices() if fact.choices else ())]
    known = {label.lower(): key for key, label in offered} | {key: key for key, _label in offered}
    chosen = [value.strip() for value in values if value.strip()]
    typed = [word.strip() for value in chosen for word in ([value] if value in known else value.split(","))]
    if not typed:
        raise BadRow(_("Choose at least one."))
    if strange := [word for word in typed if word not in known and word.lower() not in known]:
        labels = ", ".join(label for _key, label in offered)
        raise BadRow(_("There is no %(strange)s; it may be %(labels)s.") % {"strange": strange[0], "labels": labels})
    return list(dict.fromkeys(known.get(word) or known[word.lower()] for word in typed))
