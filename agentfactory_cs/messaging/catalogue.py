"""What mails may say of their reader: variables in groups, offered by the apps in their `variables.py`.

A template names a variable by group and name: `progress.agents`. Whatever it names must be declared here.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from agentfactory_cs.console.registry import Words
from agentfactory_cs.registry import Registry

Kind = Literal["text", "number", "date", "flag", "link", "list"]

# customer ids, the moment -> what is known of each of them, by the variables' names.
Load = Callable[[Collection[int], datetime], Mapping[int, Mapping[str, Any]]]


@dataclass(frozen=True)
class Variable:
    """One thing a mail may say. `fields` are what the items of a list hold; without them they are words.

    One that `may_be_missing` is left out or None for some readers: a mail that says it without `default` or `if` is
    then held.
    """

    name: str
    kind: Kind
    description: Words
    example: Any
    may_be_missing: bool = False
    fields: tuple["Variable", ...] = ()


@dataclass(frozen=True)
class Group:
    """Variables of one subject.

    `load` fills them for a batch of customers in a fixed number of queries, with plain data only. Those that are
    `given` come with a mail from whoever queues it (`Email.context`); the rest are filled by `context`.
    """

    key: str
    name: str
    title: Words
    variables: tuple[Variable, ...]
    load: Load | None = None
    given: bool = False
    order: int = 100


class Groups(Registry[Group]):
    """Also refuses a second group of the same name: a template could not tell them apart."""

    def register(self, item: Group) -> Group:
        if any(other.name == item.name for other in self):
            raise ValueError(f"Two groups of mail variables are named {item.name!r}.")
        return super().register(item)


groups: Groups = Groups("group of mail variables")

# What a template sees: a group or the item of a list is a dict, a list holds the shape of its items, a kind is a value.
Shape = dict[str, Any] | list[Any] | str


def shapes() -> dict[str, Shape]:
    """Everything a template may name, by group."""
    return {group.name: _shape_of(group.variables) for group in groups}


def _shape_of(variables: tuple[Variable, ...]) -> dict[str, Shape]:
    return {variable.name: _shape(variable) for variable in variables}


def _shape(variable: Variable) -> Shape:
    if variable.kind != "list":
        return variable.kind
    return [_shape_of(variable.fields) if variable.fields else "text"]


def examples() -> dict[str, dict[str, Any]]:
    """A reader who has everything."""
    return {group.name: {variable.name: variable.example for variable in group.variables} for group in groups}


def paths() -> Iterator[str]:
    """Every variable as a template names it."""
    return (f"{group.name}.{variable.name}" for group in groups for variable in group.variables)


def missing_paths() -> Iterator[str]:
    """Those that some readers lack."""
    return (
        f"{group.name}.{variable.name}" for group in groups for variable in group.variables if variable.may_be_missing
    )


def plain(value: Any) -> Any:
    """The value itself; TypeError where it is more than data, so that no template ever meets an object."""
    match value:
        case None | str() | bool() | int() | float() | Decimal() | date():
            return value
        case dict():
            return {str(name): plain(inner) for name, inner in value.items()}
        case list() | tuple():
            return [plain(inner) for inner in value]
    raise TypeError(f"A mail's data are words, numbers, dates, lists and dictionaries, not {type(value).__name__}.")
