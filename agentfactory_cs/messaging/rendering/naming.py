"""Which variables a template names, and which of them there are not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from django.template.base import Node, VariableNode
from django.template.defaulttags import IfNode, SpacelessNode, WithNode

from ..catalogue import Shape, paths
from .syntax import Expression, Loop, SafeTemplate

Scope = Mapping[str, Shape]

_LOOP_SHAPE: Shape = dict.fromkeys(("counter", "counter0", "revcounter", "revcounter0"), "number") | dict.fromkeys(
    ("first", "last"), "flag"
)
# What a filter that stands first is meant for.
_WANTED = {"date": "date", "floatformat": "number", "first": "list", "last": "list", "join": "list"}


@dataclass(frozen=True)
class Fault:
    """Something wrong on a line of a template."""

    line: int
    words: str

    def __str__(self) -> str:
        return f"Line {self.line}: {self.words}"


@dataclass
class Names:
    """What a template names: its faults, the paths of variables, and the kind of what each {{ }} says, by its words."""

    faults: list[Fault] = field(default_factory=list)
    paths: set[str] = field(default_factory=set)
    kinds: dict[str, str] = field(default_factory=dict)


def names_in(source: str, scope: Scope) -> Names:
    """Walk a template that can be compiled, with what it may name in `scope`."""
    names = Names()
    _Walk(names).walk(SafeTemplate(source).nodelist, scope)
    return names


class _Unknown(Exception):
    """A name that stands for nothing; the message says so."""


class _Walk:
    def __init__(self, names: Names) -> None:
        self.names = names

    def walk(self, nodes: Any, scope: Scope) -> None:
        for node in nodes:
            match node:
                case VariableNode():
                    self._said(node, scope)
                case IfNode():
                    self._if(node, scope)
                case Loop():
                    self._loop(node, scope)
                case WithNode():
                    given = {name: self._shape(node, value, scope) for name, value in node.extra_context.items()}
                    self.walk(node.nodelist, {**scope, **given})
                case SpacelessNode():
                    self.walk(node.nodelist, scope)

    def _said(self, node: VariableNode, scope: Scope) -> None:
        expression = node.filter_expression
        shape = self._shape(node, expression, scope)
        if isinstance(shape, dict) and shape:
            self._fault(
                node, f"{expression.var} is a group: say one of it, such as {expression.var}.{next(iter(shape))}."
            )
        if isinstance(shape, list):
            self._fault(
                node, f"{expression.var} is a list: loop over it, or join it, as in {expression.var}|join:', '."
            )
        if isinstance(shape, str):
            self.names.kinds[expression.token] = shape

    def _if(self, node: IfNode, scope: Scope) -> None:
        for condition, nodes in node.conditions_nodelists:
            for expression in _expressions(condition):
                self._shape(node, expression, scope)
            self.walk(nodes, scope)

    def _loop(self, node: Loop, scope: Scope) -> None:
        shape = self._shape(node, node.sequence, scope)
        if not isinstance(shape, list) and shape != "":
            self._fault(node, f"{node.sequence} is no list to loop over.")
        item = shape[0] if isinstance(shape, list) else ""
        self.walk(node.nodelist_loop, {**scope, node.loopvars[0]: item, "forloop": _LOOP_SHAPE})
        self.walk(node.nodelist_empty, scope)

    def _shape(self, node: Node, expression: Any, scope: Scope) -> Shape:
        """What an expression gives; the empty word where that cannot be told, and a fault says why."""
        try:
            for _, args in expression.filters:
                for is_variable, argument in args:
                    if is_variable:
                        self._find(argument, scope)
            return _filtered(expression, self._find(expression.var, scope)) if expression.is_var else "text"
        except _Unknown as unknown:
            self._fault(node, str(unknown))
            return ""

    def _find(self, variable: Any, scope: Scope) -> Shape:
        if variable.lookups is None:
            return "text"
        shape: Any = scope
        for name in variable.lookups:
            if shape == "":
                return ""
            if not isinstance(shape, Mapping) or name not in shape:
                raise _Unknown(_no_such(variable.var, scope))
            shape = shape[name]
        self.names.paths.add(variable.var)
        return shape

    def _fault(self, node: Node, words: str) -> None:
        fault = Fault(getattr(node.token, "lineno", None) or 1, words)
        if fault not in self.names.faults:
            self.names.faults.append(fault)


def _filtered(expression: Expression, shape: Shape) -> Shape:
    first = expression.names[0] if expression.names else ""
    kind = "list" if isinstance(shape, list) else "group" if isinstance(shape, dict) else shape
    wanted = _WANTED.get(first)
    if wanted and kind not in ("", wanted):
        raise _Unknown(f"{first} is for a {wanted}, and {expression.var} is a {kind}.")
    if isinstance(shape, list) and first in ("first", "last"):
        return shape[0] if len(expression.names) == 1 else "text"
    return shape if set(expression.names) <= {"default"} else "text"


def _no_such(name: str, scope: Scope) -> str:
    known = [*paths(), *(path for path in scope if path not in {known.partition(".")[0] for known in paths()})]
    close = get_close_matches(name, known, 1)
    return f"There is no variable {name}{f': is {close[0]} meant?' if close else '.'}"


def _expressions(condition: Any) -> Iterator[Expression]:
    """The expressions of an if: a tree of operators with expressions at its ends."""
    if condition is None:
        return
    if isinstance(value := getattr(condition, "value", None), Expression):
        yield value
    for side in ("first", "second"):
        yield from _expressions(getattr(condition, side, None))
