"""How somebody else's columns become our fields: the mapping a user writes, and the plan it makes for one file."""

import difflib
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from zoneinfo import ZoneInfo, available_timezones

import yaml

from ..models import Customer
from .fields import Field, Manner, named
from .problems import ImportRefused

EVERY_OTHER = "*"


class Mapped(Protocol):
    """What a mapping needs to know of a kind of import."""

    @property
    def label(self) -> str: ...
    @property
    def fields(self) -> Sequence[Field]: ...
    @property
    def one_of(self) -> Sequence[tuple[str, ...]]: ...


@dataclass(frozen=True)
class Mapping:
    """What the user says about a file (docs/imports.md describes every key).

    `columns`: their column → our fields. `values`: our field → their value → ours. `defaults`: our field → the value
    of a new record where the file says nothing. `ignore`: columns to leave out, `*` for every other one. `by_name`: a
    column that is called like a field need not be mapped.
    """

    columns: Dict[str, tuple[str, ...]] = field(default_factory=dict)
    values: Dict[str, Dict[str, str]] = field(default_factory=dict)
    defaults: Dict[str, str] = field(default_factory=dict)
    ignore: frozenset[str] = frozenset()
    date_format: Dict[str, str] = field(default_factory=dict)
    decimal_comma: bool = False
    time_zone: str = "UTC"
    clear_empty: bool = False
    new_features: str = ""
    by_name: bool = True
    encoding: str = ""
    delimiter: str = ""

    def with_columns(self, pairs: Iterable[str]) -> "Mapping":
        """With `their_column=our_field` pairs added; they win over what the mapping says of that column."""
        columns = dict(self.columns)
        for their, ours in _parsed_pairs(pairs).items():
            for name in ours:
                columns = {column: _without(fields, name) for column, fields in columns.items()}
            columns[their] = ours
        return replace(self, columns={column: fields for column, fields in columns.items() if fields})

    def only_columns(self, pairs: Iterable[str]) -> "Mapping":
        """With these `their_column=our_field` pairs instead of its own, and every other column left out."""
        return replace(self, columns=_parsed_pairs(pairs), ignore=frozenset({EVERY_OTHER}), by_name=False)

    def ignoring(self, columns: Iterable[str]) -> "Mapping":
        return replace(self, ignore=self.ignore | frozenset(columns))

    def manner(self, name: str) -> Manner:
        """How the file writes one field."""
        date_format = self.date_format.get(name, self.date_format.get(EVERY_OTHER, ""))
        return Manner(date_format, self.decimal_comma, ZoneInfo(self.time_zone))


def _without(fields: tuple[str, ...], name: str) -> tuple[str, ...]:
    return tuple(field for field in fields if field != name)


def _parsed_pairs(pairs: Iterable[str]) -> dict[str, tuple[str, ...]]:
    columns: dict[str, tuple[str, ...]] = {}
    for pair in pairs:
        their, equals, ours = pair.rpartition("=")
        if not (their and equals and ours):
            raise ImportRefused(f"{pair!r} is not of the form their_column=our_field.")
        columns[their.strip()] = (*columns.get(their.strip(), ()), ours.strip())
    return columns


# -- The mapping file --------------------------------------------------------------------------


def read_mapping(yaml_text: str) -> Mapping:
    """Read a mapping file. Every scalar is taken as text: Norway's NO stays NO. ImportRefused names what is wrong."""
    try:
        content = yaml.load(yaml_text, Loader=yaml.BaseLoader)  # noqa: S506 - builds text, lists and dicts only
    except yaml.YAMLError as error:
        raise ImportRefused(f"The mapping is not YAML: {str(error).replace(chr(10), ' ')}") from None
    if content in (None, ""):
        return Mapping()
    if not isinstance(content, dict):
        raise ImportRefused("A mapping file holds keys such as map: and values:; see docs/imports.md.")
    _refuse_unknown("key", content, _KEYS, "the mapping")
    return Mapping(**{_NAMES.get(str(key), str(key)): _KEYS[key](key, value) for key, value in content.items()})


def _dict(key: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ImportRefused(f"{key}: in the mapping holds lines of the form name: value.")
    return value


def _texts(key: str, value: Any) -> dict[str, str]:
    for name, text in _dict(key, value).items():
        _text(f"{key}: {name}", text)
    return value


def _columns(key: str, value: Any) -> dict[str, tuple[str, ...]]:
    return {their: _names(f"{key}: {their}", ours) for their, ours in _dict(key, value).items()}


def _names(key: str, value: Any) -> tuple[str, ...]:
    names = value if isinstance(value, list) else [value]
    return tuple(_text(key, name) for name in names)


def _value_maps(key: str, value: Any) -> dict[str, dict[str, str]]:
    return {name: _texts(f"{key}: {name}", pairs) for name, pairs in _dict(key, value).items()}


def _formats(key: str, value: Any) -> dict[str, str]:
    return {EVERY_OTHER: value} if isinstance(value, str) else _texts(key, value)


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ImportRefused(f"{key}: in the mapping must be one value.")
    return value


def _flag(key: str, value: Any) -> bool:
    if value not in ("true", "false"):
        raise ImportRefused(f"{key}: in the mapping must be true or false.")
    return bool(value == "true")


def _zone(key: str, value: Any) -> str:
    if _text(key, value) not in available_timezones():
        raise ImportRefused(f"{value} is not a time zone such as Europe/Berlin.")
    return str(value)


def _tier(key: str, value: Any) -> str:
    if _text(key, value) not in Customer.Tier.values:
        raise ImportRefused(f"{key}: must be the lowest tier that has them: {', '.join(Customer.Tier.values)}.")
    return str(value)


_KEYS: dict[str, Any] = {
    "map": _columns,
    "values": _value_maps,
    "defaults": _texts,
    "ignore": lambda key, value: frozenset(_names(key, value)),
    "date_format": _formats,
    "decimal_comma": _flag,
    "time_zone": _zone,
    "clear_empty": _flag,
    "new_features": _tier,
    "encoding": _text,
    "delimiter": _text,
}
_NAMES = {"map": "columns"}


# -- The plan for one file ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Binding:
    """One field of a kind, and where a file has it: `index` of `column` (None: only a default)."""

    field: Field
    column: str
    index: int | None
    values: Dict[str, str]
    default: str
    manner: Manner


@dataclass(frozen=True)
class Plan:
    """What to take from each row of one file."""

    bindings: tuple[Binding, ...]
    ignored: tuple[str, ...]
    mapping: Mapping

    def column_of(self, name: str) -> str:
        """Their column behind our field; the field's own name where no column feeds it."""
        found = (binding.column for binding in self.bindings if binding.field.name == name and binding.column)
        return next(found, name)

    def index_of(self, name: str) -> int | None:
        return next((binding.index for binding in self.bindings if binding.field.name == name), None)

    def has(self, name: str) -> bool:
        return any(binding.field.name == name for binding in self.bindings)


def make_plan(kind: Mapped, header: Sequence[str], mapping: Mapping) -> Plan:
    """Match a file's header with a kind's fields. ImportRefused says what is missing, unknown or said twice."""
    _check_names(kind, mapping)
    taken = _fields_by_column(kind, header, mapping)
    plan = Plan(_bindings(kind, header, mapping, taken), _ignored(kind, header, mapping, taken), mapping)
    _check_complete(kind, header, plan)
    return plan


def _check_names(kind: Mapped, mapping: Mapping) -> None:
    known = named(kind.fields)
    mapped = (name for names in mapping.columns.values() for name in names)
    formats = (name for name in mapping.date_format if name != EVERY_OTHER)
    for names in (mapped, mapping.values, mapping.defaults, formats):
        _refuse_unknown("field", names, known, kind.label)


def _refuse_unknown(what: str, names: Iterable[str], known: Iterable[str], where: str) -> None:
    known = list(known)
    for name in names:
        if name not in known:
            raise ImportRefused(
                f"There is no {what} {name!r} in {where}{_guess(name, known)} Known: {', '.join(known)}."
            )


def _guess(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else "."


def _fields_by_column(kind: Mapped, header: Sequence[str], mapping: Mapping) -> dict[str, tuple[str, ...]]:
    """Their column → our fields: as the mapping says, else by its own name."""
    _refuse_unknown("column", mapping.columns, header, "the file")
    known, spoken_for = named(kind.fields), {name for names in mapping.columns.values() for name in names}
    taken = dict(mapping.columns)
    for column in header if mapping.by_name else ():
        name = normal(column)
        if column not in taken and column not in mapping.ignore and name in known and name not in spoken_for:
            taken[column] = (name,)
            spoken_for.add(name)
    _refuse_doubles(header, taken)
    return taken


def normal(column: str) -> str:
    """`Signed up-at` → `signed_up_at`."""
    return "_".join(column.lower().replace("-", " ").split())


def _refuse_doubles(header: Sequence[str], taken: Dict[str, tuple[str, ...]]) -> None:
    feeds: dict[str, str] = {}
    for column, names in taken.items():
        if list(header).count(column) > 1:
            raise ImportRefused(f"The file has more than one column {column!r}.")
        for name in names:
            if name in feeds:
                raise ImportRefused(f"Both {feeds[name]!r} and {column!r} are mapped to {name}.")
            feeds[name] = column


def _bindings(
    kind: Mapped, header: Sequence[str], mapping: Mapping, taken: Dict[str, tuple[str, ...]]
) -> tuple[Binding, ...]:
    column_of = {name: column for column, names in taken.items() for name in names}
    return tuple(
        Binding(
            field=field,
            column=column_of.get(field.name, ""),
            index=header.index(column_of[field.name]) if field.name in column_of else None,
            values=mapping.values.get(field.name, {}),
            default=mapping.defaults.get(field.name, ""),
            manner=mapping.manner(field.name),
        )
        for field in kind.fields
        if field.name in column_of or mapping.defaults.get(field.name)
    )


def _ignored(
    kind: Mapped, header: Sequence[str], mapping: Mapping, taken: Dict[str, tuple[str, ...]]
) -> tuple[str, ...]:
    """The columns left out; a nameless one is nobody's typing error, any other must be named in `ignore`."""
    rest = [column for column in header if column not in taken]
    unknown = [column for column in rest if column and column not in mapping.ignore]
    if unknown and EVERY_OTHER not in mapping.ignore:
        fields = ", ".join(field.name for field in kind.fields)
        first = unknown[0]
        raise ImportRefused(
            f"The file has columns that are no field of {kind.label}: {', '.join(unknown)}"
            f"{_guess(normal(first), named(kind.fields))} Map them, or ignore them. Fields: {fields}."
        )
    return tuple(rest)


def _check_complete(kind: Mapped, header: Sequence[str], plan: Plan) -> None:
    missing = [field.name for field in kind.fields if field.key and not plan.has(field.name)]
    missing += [" or ".join(group) for group in kind.one_of if not any(plan.has(name) for name in group)]
    if missing:
        raise ImportRefused(
            f"No column gives {', '.join(missing)}, and {kind.label} cannot be read without. "
            f"The file has: {', '.join(header)}. Map one, such as --map {header[0]}={missing[0].split(' ')[0]}."
        )


def suggest(kind: Mapped, header: Sequence[str]) -> dict[str, str]:
    """A field for each column that looks like one, for a person to confirm: by name, by alias, then by likeness."""
    known = {alias: field.name for field in kind.fields for alias in (field.name, *field.aliases)}
    found: dict[str, str] = {}
    for match in (known.get, lambda name: _alike(name, known)):
        for column in header:
            name = match(normal(column))
            if name and column not in found and name not in found.values():
                found[column] = name
    return found


def _alike(name: str, known: Dict[str, str]) -> str | None:
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.8)
    return known[close[0]] if close else None
