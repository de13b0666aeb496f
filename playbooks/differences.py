"""What differs between two definitions of a playbook, in sentences a manager reads.

"“Call them” is on day 3 instead of day 1". No sentence means that both do the same.
"""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from .checking import parameters_of
from .registry import BadParameter, Parameter
from .rules import Data, Definition, Step
from .telling import ToldStep, shown_value, tell_plan

LONGEST = 80


def differences(before: Data, after: Data) -> list[str]:
    """One sentence a difference, in the order of the page. Raises BadDefinition where one does not parse."""
    was, now = Definition.from_data(before), Definition.from_data(after)
    return [*_of_rules(was, now), *_of_steps(was, now)]


def _of_rules(was: Definition, now: Definition) -> Iterator[str]:
    old, new = tell_plan(was), tell_plan(now)
    if old.trigger != new.trigger:
        yield _instead(_("Begins"), new.trigger, old.trigger)
    if old.entry != new.entry:
        yield _instead(_("Enters"), new.entry, old.entry)
    if old.exit != new.exit:
        only_left = _("only when it churns")
        yield _instead(_("Leaves early"), new.exit or only_left, old.exit or only_left)
    if old.goal != new.goal:
        yield _instead(_("Goal"), new.goal or _("none"), old.goal or _("none"))


def _instead(what: str, new: str, old: str) -> str:
    return _("%(what)s: %(new)s; before: %(old)s") % {"what": what, "new": new, "old": old}


def _of_steps(was: Definition, now: Definition) -> Iterator[str]:
    old, new = _by_key(was), _by_key(now)
    for key, (step, told) in new.items():
        if key not in old:
            what = {"title": step.title, "when": _when(step), "does": told.does}
            yield _("New: “%(title)s” %(when)s: %(does)s") % what
        else:
            yield from _of_step(*old[key], step, told)
    for key, (step, _told) in old.items():
        if key not in new:
            yield _("No longer: “%(title)s” %(when)s") % {"title": step.title, "when": _when(step)}
    if [key for key in old if key in new] != [key for key in new if key in old]:
        yield _("The steps stand in another order")


def _by_key(plan: Definition) -> dict[str, tuple[Step, ToldStep]]:
    return {step.key: (step, told) for step, told in zip(plan.steps, tell_plan(plan).steps, strict=True)}


def _of_step(was: Step, old: ToldStep, now: Step, new: ToldStep) -> Iterator[str]:
    title = {"title": now.title}
    if was.title != now.title:
        yield _("“%(title)s” was called “%(old)s”") % {**title, "old": was.title}
    if (was.day, was.hour) != (now.day, now.hour):
        yield _("“%(title)s” is %(new)s instead of %(old)s") % {**title, "new": _when(now), "old": _when(was)}
    if (was.kind, was.action) != (now.kind, now.action):
        yield _instead(f"“{now.title}”", new.does, old.does)
    else:
        yield from _of_params(was, now)
        yield from _of_branching(was, old, now, new)
    if old.only_if != new.only_if:
        always = _("whatever holds")
        yield _instead(_("“%(title)s” is done if") % title, new.only_if or always, old.only_if or always)
    if (was.branch, was.outcome, was.after) != (now.branch, now.outcome, now.after):
        nothing = _("hangs on nothing")
        yield _instead(f"“{now.title}”", new.behind or nothing, old.behind or nothing)


def _of_branching(was: Step, old: ToldStep, now: Step, new: ToldStep) -> Iterator[str]:
    if now.kind == "branch" and old.does != new.does:
        yield _instead(f"“{now.title}”", new.does, old.does)


def _of_params(was: Step, now: Step) -> Iterator[str]:
    for parameter in parameters_of(now.kind, now.action):
        old, new = _value(parameter, was), _value(parameter, now)
        if old != new:
            words = f"“{now.title}”, {str(parameter.label).lower()}"
            yield _instead(words, _shown(parameter, new), _shown(parameter, old))


def _value(parameter: Parameter, step: Step) -> Any:
    """With its default; as it is written where it does not fit."""
    try:
        return parameter.checked(step.params.get(parameter.key))
    except BadParameter:
        return step.params.get(parameter.key)


def _shown(parameter: Parameter, value: Any) -> str:
    words = _("nothing") if value in (None, "") else shown_value(parameter, value)
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"


def _when(step: Step) -> str:
    if step.hour:
        return _("on day %(day)s, hour %(hour)s") % {"day": step.day, "hour": step.hour}
    return _("on day %(day)s") % {"day": step.day}
