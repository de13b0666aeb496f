"""The language of our mails: Django's templates, cut down to what cannot reach beyond the data they are given.

A template reads keys of plain dictionaries. It sees no attribute of an object, calls nothing, loads nothing, and loops
over lists only, MAX_TURNS times at most over all its loops. A value that is missing is an error, not an empty place.
"""

from copy import copy
from functools import cache
from typing import Any, NoReturn, cast

from django.template import Engine, Library, TemplateSyntaxError, VariableDoesNotExist, defaultfilters, defaulttags
from django.template.base import FilterExpression, Lexer, NodeList, Parser, Template, Token, Variable
from django.template.context import BaseContext, Context

FILTERS = (
    "capfirst",
    "date",
    "default",
    "first",
    "floatformat",
    "join",
    "last",
    "length",
    "linebreaksbr",
    "lower",
    "pluralize",
    "title",
    "truncatechars",
    "truncatewords",
    "upper",
    "urlencode",
    "yesno",
)
# Filters for which nothing is a proper answer.
_MAY_BE_EMPTY = frozenset({"default", "pluralize", "yesno"})
# Filters that make room for what their argument asks for.
_COUNTING = frozenset({"floatformat", "truncatechars", "truncatewords"})

MAX_TURNS = 1_000
MAX_COUNT = 500


class CannotRender(Exception):
    """A mail would have a hole; the message is a sentence naming the variable or expression that makes it."""


_LOOKED_UP = (dict, BaseContext)


class PlainVariable(Variable):
    """Looks its name up in dictionaries, key by key; VariableDoesNotExist for whatever else it meets."""

    def _resolve_lookup(self, context: Any) -> Any:
        current = context
        for name in self.lookups or ():
            if not isinstance(current, _LOOKED_UP):
                raise VariableDoesNotExist("%s is not there", (self.var,))
            try:
                current = current[name]
            except KeyError:
                raise VariableDoesNotExist("%s is not there", (self.var,)) from None
        return current


class Expression(FilterExpression):
    """A variable or literal with its filters; what is missing raises CannotRender unless `default` stands in for it."""

    __slots__ = ("names", "stand_in")

    def __init__(self, token: str, parser: Parser) -> None:
        super().__init__(token, parser)
        if self.is_var:
            self.var = PlainVariable(self.var.var)
        self.names = [func._filter_name for func, _ in self.filters]
        self.filters = [self._checked(*found) for found in zip(self.names, self.filters, strict=True)]
        self.stand_in = self._from_default()

    @staticmethod
    def _checked(name: str, found: tuple[Any, Any]) -> tuple[Any, Any]:
        func, args = found
        for is_variable, value in args:
            if is_variable and value.lookups is not None and name != "default":
                raise TemplateSyntaxError(
                    f"Only default takes a variable: give {name} a number, or words in quotes, instead of {value}."
                )
            if name in _COUNTING and not _is_small_number(value):
                raise TemplateSyntaxError(f"{name} takes a number up to {MAX_COUNT}, not {value}.")
        return func, [
            (True, PlainVariable(value.var)) if is_variable else (False, value) for is_variable, value in args
        ]

    def _from_default(self) -> FilterExpression | None:
        """What is said instead of a missing value: the filters from `default` on, asked of nothing."""
        if "default" not in self.names:
            return None
        rest = copy(self)
        rest.is_var, rest.var = False, None
        rest.filters = self.filters[self.names.index("default") :]
        return rest

    def resolve(self, context: Any, ignore_failures: bool = False) -> Any:
        try:
            plain = self._value(context) if self.is_var else None
            if not (self.is_var and is_missing(plain)):
                # Without filters that is it; Django would look it up a second time.
                value = plain if self.is_var and not self.filters else super().resolve(context)
            elif self.stand_in:
                value = FilterExpression.resolve(self.stand_in, context)
            elif ignore_failures:
                return None
            else:
                raise CannotRender(f"{self.var} has no value.")
        except VariableDoesNotExist as missing:
            raise CannotRender(f"{missing.params[0]} has no value.") from missing
        if value == "" and not ignore_failures and _MAY_BE_EMPTY.isdisjoint(self.names):
            raise CannotRender(f"{self.token} gives nothing.")
        return value

    def _value(self, context: Any) -> Any:
        try:
            return self.var.resolve(context)
        except VariableDoesNotExist:
            return None


def is_missing(value: Any) -> bool:
    """Nothing, or words that say nothing. Zero, False and an empty list are values."""
    return value is None or (isinstance(value, str) and not value.strip())


def _is_small_number(value: Any) -> bool:
    """As floatformat takes one: 2, "-1", "2g"."""
    digits = str(value).removeprefix("-").rstrip("gu")
    return digits == "" or (digits.isdecimal() and len(digits) <= 3 and int(digits) <= MAX_COUNT)


class Loop(defaulttags.ForNode):
    """A loop over a list; one over a list that is missing needs its `empty`."""

    def render(self, context: Any) -> str:
        has_words = bool(self.nodelist_empty)
        values = cast(Expression, self.sequence).resolve(context, ignore_failures=has_words)
        if values is not None and not isinstance(values, list | tuple):
            raise CannotRender(f"{self.sequence} is no list.")
        turns = context.render_context.get(Loop, 0) + len(values or ())
        if turns > MAX_TURNS:
            raise CannotRender(f"The loops of a mail take {MAX_TURNS} turns at most.")
        context.render_context[Loop] = turns
        return super().render(context)


def _loop(parser: Parser, token: Token) -> Loop:
    node = defaulttags.do_for(parser, token)
    if len(node.loopvars) != 1:
        raise TemplateSyntaxError("A loop has one variable: {% for item in list %}.")
    return Loop(node.loopvars, node.sequence, node.is_reversed, node.nodelist_loop, node.nodelist_empty)


_TAGS = {
    "comment": defaulttags.comment,
    "for": _loop,
    "if": defaulttags.do_if,
    "spaceless": defaulttags.spaceless,
    "with": defaulttags.do_with,
}
TAGS = tuple(_TAGS)


@cache
def _library() -> Library:
    library = Library()
    library.tags = dict(_TAGS)
    library.filters = {name: defaultfilters.register.filters[name] for name in FILTERS}
    return library


@cache
def _engine() -> Engine:
    """Asked by Django's templates for what stands around them; it knows no folder and no library."""
    return Engine(dirs=[], app_dirs=False)


class MailParser(Parser):
    """Knows the tags and filters above and no others."""

    def compile_filter(self, token: str) -> Expression:
        return Expression(token, self)

    def find_filter(self, filter_name: str) -> Any:
        if filter_name not in self.filters:
            raise TemplateSyntaxError(
                f"The filter {filter_name} is not for mails. These are: {', '.join(sorted(self.filters))}."
            )
        return super().find_filter(filter_name)

    def invalid_block_tag(self, token: Token, command: str, parse_until: Any = None) -> NoReturn:
        wanted = f" Expected here: {' or '.join(parse_until)}." if parse_until else ""
        known = f" Tags for mails are: {', '.join(TAGS)}." if not parse_until else ""
        raise self.error(token, f"The tag {command} is not for mails, or not at this place.{wanted}{known}")

    def unclosed_block_tag(self, parse_until: Any) -> NoReturn:
        command, token = self.command_stack.pop()
        raise self.error(token, f"The tag {command} is not closed: {' or '.join(parse_until)} is missing.")


class SafeTemplate(Template):
    """A template of this language. Raises TemplateSyntaxError, with the token it is about, where it is none."""

    def __init__(self, source: str) -> None:
        super().__init__(source, engine=_engine())

    def compile_nodelist(self) -> NodeList:
        return MailParser(Lexer(self.source).tokenize(), builtins=[_library()], origin=self.origin).parse()

    def fill(self, data: dict[str, Any], *, autoescape: bool) -> str:
        """Raises CannotRender where a value is missing."""
        # A plain string: whoever shows the mail within a page of theirs must escape it there.
        return str.__str__(self.render(Context(data, autoescape=autoescape)))
