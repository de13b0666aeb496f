"""What the editor of conditions offers in a row: facts by app, operators that fit, an input for the value."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from django.apps import apps
from django.utils.translation import gettext as _

from .operators import Operator, operators_of
from .registry import Fact, FactType, facts


@dataclass(frozen=True)
class Offered:
    """One of the facts or choices to choose from."""

    key: str
    label: str
    is_chosen: bool
    definition: str = ""


@dataclass(frozen=True)
class OfferedOperator(Offered):
    """`needs` is "nothing" where no value follows."""

    needs: str = "words"


@dataclass(frozen=True)
class ValueInput:
    """How a row asks for its value. Without `is_asked` it is there, out of sight: another operator may need it."""

    kind: Literal["number", "days", "choices", "words"]
    is_asked: bool
    text: str = ""
    unit: str = ""
    choices: Sequence[Offered] = ()


def fact_groups(chosen: str) -> list[tuple[str, list[Offered]]]:
    """The facts by the app that offers them. One that no app offers any more stands alone on top."""
    groups: dict[str, list[Offered]] = {}
    for fact in facts:
        offered = Offered(fact.key, str(fact.label), fact.key == chosen, str(fact.definition))
        groups.setdefault(_app_words(fact.key), []).append(offered)
    if chosen and chosen not in facts:
        lost = Offered(chosen, _("%(fact)s (not offered here)") % {"fact": chosen}, True)
        return [("–", [lost]), *groups.items()]
    return list(groups.items())


def _app_words(key: str) -> str:
    label = key.partition(".")[0]
    return str(apps.get_app_config(label).verbose_name) if label in apps.app_configs else label.capitalize()


def operators_for(fact: str, chosen: str) -> list[tuple[str, list[OfferedOperator]]]:
    """Those that fit the fact, in one group; all of them by type where none is chosen yet."""
    if fact in facts:
        return [("", [_offered(one, chosen) for one in operators_of(facts.get(fact).type).values()])]
    return [(words, [_offered(one, chosen) for one in operators_of(kind).values()]) for kind, words in _types()]


def _types() -> list[tuple[FactType, str]]:
    return [
        (FactType.NUMBER, _("Numbers")),
        (FactType.CHOICE, _("Choices")),
        (FactType.YES_NO, _("Yes or no")),
        (FactType.DAY, _("Days")),
        (FactType.TAGS, _("Tags")),
    ]


def _offered(operator: Operator, chosen: str) -> OfferedOperator:
    words = str(operator.words).format(value="…").removesuffix("…").strip()
    return OfferedOperator(operator.key, words, operator.key == chosen, needs=operator.needs)


def value_input(fact_key: str, operator_key: str, values: Sequence[str]) -> ValueInput:
    """The input that the fact's operators need; plain words while no fact is chosen."""
    if fact_key not in facts:
        return ValueInput("words", True, ", ".join(values))
    fact = facts.get(fact_key)
    fitting = operators_of(fact.type)
    operator = fitting.get(operator_key) or next(iter(fitting.values()))
    needs = next((one.needs for one in fitting.values() if one.needs != "nothing"), None)
    is_asked = operator.needs != "nothing"
    if needs == "choices" and fact.choices:
        return ValueInput("choices", is_asked, choices=_choices(fact, values))
    if needs in ("number", "days"):
        unit = _("days") if needs == "days" else str(fact.unit)
        return ValueInput(needs, is_asked, "".join(values), unit)
    return ValueInput("words", is_asked, ", ".join(values))


def _choices(fact: Fact, values: Sequence[str]) -> list[Offered]:
    return [
        Offered(str(key), str(label), str(key) in values) for key, label in (fact.choices() if fact.choices else ())
    ]
