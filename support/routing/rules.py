"""Routing rules: what a definition says, and what it makes of a ticket. Pure: no Django.

A definition is plain data (RoutingVersion.definition):

    {"rules": [{"name": "Enterprise tier", "active": true, "when": {"tiers": ["enterprise"]},
                "team": "enterprise", "priority": "high", "add_tags": ["vip"], "escalate": "…"}, …]}

Every active rule is tried, in order. One fits where the ticket is of one of the areas, severities, tiers and
languages it names; what it does not name may be anything. Each that fits is applied: tags and escalations add up; of
team and priority the later rule's count, unless it `gives_way`: then it only gives what no rule before has given.
The team that a person chose, or to whose address a ticket was sent, stays.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

SEVERITIES = ("low", "normal", "high", "critical")
TIERS = ("free", "starter", "pro", "enterprise")
PRIORITIES = ("low", "normal", "high", "urgent")
CONDITIONS = ("areas", "severities", "tiers", "languages")
PARTS = ("name", "active", "when", "team", "gives_way", "priority", "add_tags", "escalate")

MAX_RULES = 100
MAX_NAME = 80
MAX_WORDS = 200
MAX_TAG = 50
MAX_TAGS = 10
_KEY = re.compile(r"[-a-zA-Z0-9_]{1,40}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?")

Verdict = Literal["off", "missed", "matched"]


class BadRouting(ValueError):
    """A definition that cannot be used; the message names the place and the reason."""


@dataclass(frozen=True)
class Subject:
    """What rules ask of a ticket. `area` and `tier` are None where it has none: then no rule that names some fits."""

    area: str | None
    severity: str
    tier: str | None
    language: str


@dataclass(frozen=True)
class Rule:
    name: str
    active: bool = True
    areas: Sequence[str] = ()
    severities: Sequence[str] = ()
    tiers: Sequence[str] = ()
    languages: Sequence[str] = ()
    team: str | None = None
    gives_way: bool = False
    priority: str | None = None
    add_tags: Sequence[str] = ()
    escalate: str = ""

    def missed_by(self, subject: Subject) -> tuple[str, ...]:
        """The conditions that the ticket does not fit; empty: the rule fits."""
        fits = {
            "areas": not self.areas or subject.area in self.areas,
            "severities": not self.severities or subject.severity in self.severities,
            "tiers": not self.tiers or subject.tier in self.tiers,
            "languages": not self.languages or base_of(subject.language) in map(base_of, self.languages),
        }
        return tuple(name for name in CONDITIONS if not fits[name])

    @property
    def is_for_critical(self) -> bool:
        """Whether it is about critical severity and nothing else."""
        return tuple(self.severities) == ("critical",) and not (self.areas or self.tiers or self.languages)


@dataclass(frozen=True)
class Routing:
    rules: Sequence[Rule]

    @classmethod
    def from_data(cls, data: Any) -> "Routing":
        """Raises BadRouting."""
        _only(data, "routing", ("rules",))
        rules = data.get("rules")
        if not _is_list(rules) or not 1 <= len(rules) <= MAX_RULES:
            raise BadRouting(f"rules: must be a list of 1 to {MAX_RULES}.")
        parsed = [_rule(rule, f"rules.{place}") for place, rule in enumerate(rules)]
        names = [rule.name for rule in parsed]
        if twice := next((name for name in names if names.count(name) > 1), ""):
            raise BadRouting(f"rules: two are named {twice!r}.")
        return cls(parsed)

    def teams(self) -> set[str]:
        return {rule.team for rule in self.rules if rule.team}

    def areas(self) -> set[str]:
        return {area for rule in self.rules for area in rule.areas}


@dataclass(frozen=True)
class Step:
    """What came of one rule. `given` is what it gave the ticket; `withheld`, what it would have given, and why not:
    `gives_way` (a rule before has given it), `chosen` (the team was chosen before), `gone` (no such team at work)."""

    place: int
    name: str
    verdict: Verdict
    missed_by: Sequence[str] = ()
    given: Mapping[str, Any] = field(default_factory=dict)
    withheld: Mapping[str, str] = field(default_factory=dict)

    def data(self) -> dict[str, Any]:
        """As the trace keeps it."""
        told = {"place": self.place, "name": self.name, "verdict": self.verdict}
        more = {"missed_by": list(self.missed_by), "given": dict(self.given), "withheld": dict(self.withheld)}
        return told | {name: value for name, value in more.items() if value}


@dataclass(frozen=True)
class Outcome:
    """What the rules make of a ticket. `team_by` is the place of the rule that gave the team, None where none did;
    `escalations` are (the rule, its words)."""

    team: str | None
    team_by: int | None
    priority: str | None
    tags: Sequence[str]
    escalations: Sequence[tuple[Rule, str]]
    steps: Sequence[Step]

    @property
    def rule(self) -> str:
        """The name of the rule that gave the team."""
        return next((step.name for step in self.steps if step.place == self.team_by), "")


class _Sum:
    """What has been given up to a rule."""

    def __init__(self, team: str | None, teams: Collection[str], team_is_fixed: bool) -> None:
        self.teams, self.team_is_fixed = teams, team_is_fixed
        self.team, self.team_by, self.priority = team, None, None  # type: str | None, int | None, str | None
        self.tags: list[str] = []
        self.escalations: list[tuple[Rule, str]] = []

    def apply(self, rule: Rule, place: int) -> Step:
        withheld = {name: why for name in ("team", "priority") if (why := self._why_not(rule, name))}
        given: dict[str, Any] = {}
        if rule.team and "team" not in withheld:
            given["team"] = self.team = rule.team
            self.team_by = place
        if rule.priority and "priority" not in withheld:
            given["priority"] = self.priority = rule.priority
        if rule.add_tags:
            given["tags"] = list(rule.add_tags)
            self.tags += [tag for tag in rule.add_tags if tag not in self.tags]
        if rule.escalate:
            given["escalate"] = rule.escalate
            self.escalations.append((rule, rule.escalate))
        return Step(place, rule.name, "matched", given=given, withheld=withheld)

    def _why_not(self, rule: Rule, name: str) -> str:
        if getattr(rule, name) is None:
            return ""
        if name == "team" and rule.team not in self.teams:
            return "gone"
        if name == "team" and self.team_is_fixed:
            return "chosen"
        return "gives_way" if rule.gives_way and getattr(self, name) is not None else ""


def route(
    routing: Routing,
    subject: Subject,
    *,
    teams: Collection[str],
    team: str | None = None,
    team_is_fixed: bool = False,
) -> Outcome:
    """Try every rule in order. `teams` are those at work; `team` is the one that the ticket has before the first rule,
    for good where it `team_is_fixed`."""
    total = _Sum(team, teams, team_is_fixed)
    steps = [_step(total, rule, place, subject) for place, rule in enumerate(routing.rules, start=1)]
    return Outcome(total.team, total.team_by, total.priority, total.tags, total.escalations, steps)


def _step(total: _Sum, rule: Rule, place: int, subject: Subject) -> Step:
    if not rule.active:
        return Step(place, rule.name, "off")
    if missed := rule.missed_by(subject):
        return Step(place, rule.name, "missed", missed)
    return total.apply(rule, place)


def base_of(language: str) -> str:
    """The language itself of a regional form: pt of pt-BR."""
    return language.partition("-")[0].lower()


def _rule(data: Any, place: str) -> Rule:
    _only(data, place, PARTS)
    when = data.get("when", {})
    _only(when, f"{place}.when", CONDITIONS)
    for name in ("active", "gives_way"):
        if not isinstance(data.get(name, False), bool):
            raise BadRouting(f"{place}.{name}: must be true or false, not {data[name]!r}.")
    rule = Rule(
        name=_words(data.get("name"), f"{place}.name", MAX_NAME),
        active=data.get("active", True),
        areas=_keys(when.get("areas", []), f"{place}.when.areas"),
        severities=_of(when.get("severities", []), f"{place}.when.severities", SEVERITIES),
        tiers=_of(when.get("tiers", []), f"{place}.when.tiers", TIERS),
        languages=_languages(when.get("languages", []), f"{place}.when.languages"),
        team=_optional(data.get("team"), f"{place}.team", "the key of a team", _KEY),
        gives_way=data.get("gives_way", False),
        priority=_priority(data.get("priority"), f"{place}.priority"),
        add_tags=_tags(data.get("add_tags", []), f"{place}.add_tags"),
        escalate=_words(data.get("escalate", ""), f"{place}.escalate", MAX_WORDS, may_be_empty=True),
    )
    if not (rule.team or rule.priority or rule.add_tags or rule.escalate):
        raise BadRouting(f"{place}: must do something: give a team, a priority, tags, or escalate.")
    return rule


def _only(data: Any, place: str, known: Sequence[str]) -> None:
    if not isinstance(data, Mapping):
        raise BadRouting(f"{place}: must be an object, not {data!r}.")
    if unknown := sorted(str(name) for name in set(data) - set(known)):
        raise BadRouting(f"{place}: knows no {', '.join(unknown)}; it may hold {', '.join(known)}.")


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _words(value: Any, place: str, most: int, *, may_be_empty: bool = False) -> str:
    if not isinstance(value, str) or len(value) > most or not (value.strip() or (may_be_empty and not value)):
        raise BadRouting(f"{place}: must be words of at most {most} characters, not {value!r}.")
    return value.strip()


def _list(value: Any, place: str, what: str, fits: re.Pattern[str]) -> tuple[str, ...]:
    if not _is_list(value):
        raise BadRouting(f"{place}: must be a list of {what}, not {value!r}.")
    if wrong := [one for one in value if not isinstance(one, str) or not fits.fullmatch(one)]:
        raise BadRouting(f"{place}: must be a list of {what}; {wrong[0]!r} is none.")
    return tuple(dict.fromkeys(value))


def _keys(value: Any, place: str) -> tuple[str, ...]:
    return _list(value, place, "keys of areas", _KEY)


def _languages(value: Any, place: str) -> tuple[str, ...]:
    return _list(value, place, "language codes such as en or pt-BR", _LANGUAGE)


def _of(value: Any, place: str, known: Sequence[str]) -> tuple[str, ...]:
    return _list(value, place, f"some of {', '.join(known)}", re.compile("|".join(known)))


def _tags(value: Any, place: str) -> tuple[str, ...]:
    tags = _list(value, place, f"tags of at most {MAX_TAG} characters", re.compile(rf"\S.{{0,{MAX_TAG - 1}}}"))
    if len(tags) > MAX_TAGS:
        raise BadRouting(f"{place}: at most {MAX_TAGS} tags, not {len(tags)}.")
    return tuple(dict.fromkeys(tag.strip() for tag in tags))


def _optional(value: Any, place: str, what: str, fits: re.Pattern[str]) -> str | None:
    if value is None or (isinstance(value, str) and fits.fullmatch(value)):
        return value
    raise BadRouting(f"{place}: must be {what}, or empty, not {value!r}.")


def _priority(value: Any, place: str) -> str | None:
    return _optional(value, place, f"one of {', '.join(PRIORITIES)}", re.compile("|".join(PRIORITIES)))
