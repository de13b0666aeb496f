"""A decision in plain words: where a ticket goes and why, rule by rule."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .choosing import Choice, Why
from .deciding import Plan

_CONDITION = {
    "areas": gettext_lazy("the area"),
    "severities": gettext_lazy("the severity"),
    "tiers": gettext_lazy("the tier"),
    "languages": gettext_lazy("the language"),
}
_WITHHELD = {
    "gives_way": gettext_lazy("a rule before has given one"),
    "chosen": gettext_lazy("the team was chosen before"),
    "gone": gettext_lazy("there is no such team at work"),
}
_NOBODY = {
    Why.NO_TEAM: gettext_lazy("To nobody: no team takes it."),
    Why.EMPTY: gettext_lazy("To nobody yet: %(team)s has no people."),
    Why.NOBODY_HERE: gettext_lazy("To nobody yet: nobody of %(team)s is taking tickets."),
    Why.NOBODY_SPEAKS: gettext_lazy("To nobody yet: nobody who is here speaks %(language)s."),
    Why.FULL: gettext_lazy("To nobody yet: those of %(team)s who speak %(language)s have no room."),
    Why.OTHER_FULL: gettext_lazy(
        "To nobody yet: nobody of %(team)s who is here speaks %(language)s, and those of other teams who do have no "
        "room."
    ),
}


@dataclass(frozen=True)
class Line:
    """One rule of a trace, in words."""

    place: int
    name: str
    verdict: str
    words: str


def decided(plan: Plan, choice: Choice) -> str:
    """The whole decision in two sentences."""
    return f"{to_team(plan)} {to_whom(choice, plan.team.name if plan.team else '', plan.subject.language)}"


def to_team(plan: Plan) -> str:
    if plan.team is None:
        return _("To no team: no rule gives one, and none takes the rest.")
    told = {"team": plan.team.name, "rule": plan.outcome.rule}
    if plan.outcome.team_by:
        return _("To %(team)s by the rule “%(rule)s”.") % told
    if plan.start.is_fixed and plan.start.team == plan.team.key:
        return _("To %(team)s: a person chose it, or it was sent there.") % told
    return _("To %(team)s, which takes what no rule gives to another.") % told


def to_whom(choice: Choice, team: str, language: str) -> str:
    one = choice.candidate
    if choice.why is Why.BY_HAND:
        return _("Whom a person gave it to keeps it.")
    if choice.why is Why.KEPT:
        return _("Who has it keeps it.")
    if one is None:
        return str(_NOBODY[choice.why]) % {"team": team, "language": language}
    told = {"name": one.name, "language": language, "load": one.load, "of": choice.among, "team": team}
    if choice.why is Why.OTHER_TEAM:
        words = _("Given to %(name)s of another team, as nobody of %(team)s who is here speaks %(language)s; ")
    else:
        words = _("Given to %(name)s, who speaks %(language)s; ")
    if choice.among > 1:
        words += _("fewest open tickets (%(load)s) of %(of)s people.")
    else:
        words += _("nobody else does (%(load)s open).")
    return words % told


def lines(trace: Sequence[Mapping[str, Any]], teams: Mapping[str, str]) -> list[Line]:
    """A trace as it was kept; `teams` are names by key."""
    return [Line(step["place"], step["name"], step["verdict"], _step(step, teams)) for step in trace]


def _step(step: Mapping[str, Any], teams: Mapping[str, str]) -> str:
    if step["verdict"] == "off":
        return _("Switched off.")
    if step["verdict"] == "missed":
        return _("Does not fit: %(what)s.") % {"what": ", ".join(str(_CONDITION[name]) for name in step["missed_by"])}
    return " ".join((_given(step.get("given", {}), teams), *_withheld(step.get("withheld", {})))).strip()


def _given(given: Mapping[str, Any], teams: Mapping[str, str]) -> str:
    said = []
    if "team" in given:
        said.append(_("to %(team)s") % {"team": teams.get(given["team"], given["team"])})
    if "priority" in given:
        said.append(_("priority %(priority)s") % {"priority": given["priority"]})
    if "tags" in given:
        said.append(_("tagged %(tags)s") % {"tags": ", ".join(given["tags"])})
    if "escalate" in given:
        said.append(_("escalated"))
    return _("Fits: %(what)s.") % {"what": ", ".join(said)} if said else _("Fits.")


def _withheld(withheld: Mapping[str, str]) -> list[str]:
    what = {"team": _("Its team does not count"), "priority": _("Its priority does not count")}
    return [f"{what[name]}: {_WITHHELD[why]}." for name, why in withheld.items()]
