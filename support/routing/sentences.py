"""Rules in words, and what differs between two versions of them, in sentences a person reads before publishing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from ..models import Area, Team
from .rules import Routing, Rule


@dataclass(frozen=True)
class Names:
    """Teams and areas by their keys, as people call them."""

    teams: Mapping[str, str]
    areas: Mapping[str, str]

    @classmethod
    def known(cls) -> "Names":
        """Two queries."""
        return cls(dict(Team.objects.values_list("key", "name")), dict(Area.objects.values_list("key", "name")))


@dataclass(frozen=True)
class Told:
    """A rule as a page shows it."""

    place: int
    rule: Rule
    when: str
    then: str


def told(routing: Routing, names: Names) -> list[Told]:
    return [
        Told(place, rule, when_words(rule, names), then_words(rule, names))
        for place, rule in enumerate(routing.rules, start=1)
    ]


def when_words(rule: Rule, names: Names) -> str:
    """ "Area API or Billing, tier enterprise"; "any ticket"."""
    asked = [
        (_("area %(some)s"), [names.areas.get(key, key) for key in rule.areas]),
        (_("severity %(some)s"), rule.severities),
        (_("tier %(some)s"), rule.tiers),
        (_("language %(some)s"), rule.languages),
    ]
    said = [words % {"some": _(" or ").join(some)} for words, some in asked if some]
    return ", ".join(said) or _("any ticket")


def then_words(rule: Rule, names: Names) -> str:
    """ "To Billing, priority high, tagged vip, escalated"."""
    said = []
    if rule.team:
        said.append(_("to %(team)s") % {"team": names.teams.get(rule.team, rule.team)})
    if rule.priority:
        said.append(_("priority %(priority)s") % {"priority": rule.priority})
    if rule.gives_way and said:
        said = [_("unless a rule before has said so: %(what)s") % {"what": ", ".join(said)}]
    if rule.add_tags:
        said.append(_("tagged %(tags)s") % {"tags": ", ".join(rule.add_tags)})
    if rule.escalate:
        said.append(_("escalated: %(why)s") % {"why": rule.escalate.rstrip(".")})
    return ", ".join(said)


def differences(before: Routing | None, after: Routing, names: Names) -> list[str]:
    """One sentence a difference; rules are known by their names. Empty: they say the same."""
    old = {rule.name: rule for rule in before.rules} if before else {}
    new = {rule.name: rule for rule in after.rules}
    added = [_added(rule, names) for name, rule in new.items() if name not in old]
    removed = [_("“%(rule)s” is removed.") % {"rule": name} for name in old if name not in new]
    changed = [words for name, rule in new.items() if name in old for words in _changed(old[name], rule, names)]
    return [*added, *removed, *changed, *_moved(list(old), list(new))]


def _added(rule: Rule, names: Names) -> str:
    words = _("“%(rule)s” is added: %(when)s: %(then)s.")
    return words % {"rule": rule.name, "when": when_words(rule, names), "then": then_words(rule, names)}


def _changed(old: Rule, new: Rule, names: Names) -> Iterator[str]:
    name = {"rule": new.name}
    if old.active != new.active:
        yield (_("“%(rule)s” is switched on.") if new.active else _("“%(rule)s” is switched off.")) % name
    if (when := when_words(new, names)) != (before := when_words(old, names)):
        yield _("“%(rule)s” fits %(when)s; it was %(before)s.") % {**name, "when": when, "before": before}
    if (then := then_words(new, names)) != (before := then_words(old, names)):
        yield _("“%(rule)s” does: %(then)s; it was: %(before)s.") % {**name, "then": then, "before": before}


def _moved(old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    kept = set(old) & set(new)
    if [name for name in old if name in kept] != [name for name in new if name in kept]:
        yield _("The rules stand in another order.")
