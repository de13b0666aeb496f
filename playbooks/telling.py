"""A playbook's definition in words, for people: who enters, by what, what is done when, what ends it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from agentfactory_cs.customers.conditions import BadCondition, Condition
from agentfactory_cs.customers.models import Task
from agentfactory_cs.events.registry import triggers

from .checking import Problem, parameters_of, problems
from .models import PlaybookVersion
from .registry import Parameter, actions, asking_once
from .rules import ACTION, BRANCH, EVENT, MANUAL, MANUAL_START, SCHEDULE, BadDefinition, Data, Definition, Step


@dataclass(frozen=True)
class ToldStep:
    """One step in words; `does` is what happens, `only_if` and `behind` what it depends on ("" for nothing)."""

    key: str
    title: str
    day: int
    hour: int
    icon: str
    is_manual: bool
    does: str
    only_if: str = ""
    behind: str = ""


@dataclass(frozen=True)
class Told:
    """A version in words. `problems` say why it cannot be run here."""

    trigger: str = ""
    entry: str = ""
    exit: str = ""
    goal: str = ""
    problems: Sequence[str] = ()
    steps: Sequence[ToldStep] = field(default_factory=tuple)


def tell(version: PlaybookVersion) -> Told:
    """What cannot be run is told all the same, beside its problems; what does not parse is not."""
    data = version.definition
    with asking_once():
        found = [problem_words(problem, data) for problem in problems(data, is_sequence=version.playbook.is_sequence)]
        try:
            return replace(tell_plan(Definition.from_data(data)), problems=found)
        except BadDefinition:
            return Told(problems=found)


def tell_plan(plan: Definition) -> Told:
    """A definition in words, also where it names what does not exist here."""
    return Told(
        trigger=_trigger(plan),
        entry=_entry(plan),
        exit=_sentence(plan.exit) if plan.exit else "",
        goal=_goal(plan),
        steps=[_step(step, plan) for step in plan.steps],
    )


def _sentence(condition: Data | None) -> str:
    """What cannot be asked here is told as it is written."""
    try:
        return _capitalised(Condition.from_data(condition).sentence())
    except BadCondition:
        return "; ".join(" ".join(str(part) for part in row.values()) for row in (condition or {}).get("rows", ()))


def _capitalised(words: str) -> str:
    return words[:1].upper() + words[1:]


def _trigger(plan: Definition) -> str:
    if plan.trigger.kind == EVENT:
        event = plan.trigger.event
        return _("When it happens: %(event)s") % {"event": triggers.get(event).label if event in triggers else event}
    if plan.trigger.kind == SCHEDULE:
        return _("Every day, everybody is looked at")
    return _("Only when somebody, or another playbook, starts it")


def _entry(plan: Definition) -> str:
    """Of a playbook that is only started by hand "everybody" would sound as if everybody got it."""
    if plan.trigger.kind == MANUAL_START and not (plan.entry or {}).get("rows"):
        return _("Whoever is chosen")
    return _sentence(plan.entry)


def _goal(plan: Definition) -> str:
    if plan.goal is None:
        return ""
    asked = {"goal": _sentence(plan.goal.when), "days": plan.goal.within_days}
    return _("%(goal)s, within %(days)s days") % asked


def _step(step: Step, plan: Definition) -> ToldStep:
    return ToldStep(
        key=step.key,
        title=step.title,
        day=step.day,
        hour=step.hour,
        icon=_icon(step),
        is_manual=step.kind == MANUAL,
        does=_does(step),
        only_if=_sentence(step.condition) if step.condition and step.kind != BRANCH else "",
        behind=_behind(step, plan),
    )


def _icon(step: Step) -> str:
    if step.kind == ACTION:
        return actions.get(step.action).icon if step.action in actions else "question_mark"
    return {MANUAL: "person", BRANCH: "alt_route"}.get(step.kind, "hourglass_empty")


def _does(step: Step) -> str:
    if step.kind == ACTION:
        return _action(step)
    if step.kind == MANUAL:
        kind = dict(Task.Kind.choices).get(step.params.get("task_kind", Task.Kind.TODO), "")
        return _("A person does it (%(kind)s)") % {"kind": str(kind).lower()}
    if step.kind == BRANCH:
        asked = {"condition": _sentence(step.condition), "days": step.wait_days}
        return _("%(condition)s? Waits for it up to %(days)s days") % asked
    return _("Waits until then")


def _action(step: Step) -> str:
    if step.action not in actions:
        return step.action
    action = actions.get(step.action)
    said = [shown_value(one, step.params[one.key]) for one in action.parameters if one.key in step.params]
    return f"{action.label}: {', '.join(said)}" if said else str(action.label)


def shown_value(parameter: Parameter, value: Any) -> str:
    """The value of a parameter as people read it: the label of a choice."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str((parameter.offered() or {}).get(value, value))


def _behind(step: Step, plan: Definition) -> str:
    if step.branch:
        way = _("yes") if step.outcome == "yes" else _("no")
        return _("Only if “%(branch)s” is answered with %(way)s") % {
            "branch": plan.step(step.branch).title,
            "way": way,
        }
    return _("Not before “%(step)s” is settled") % {"step": plan.step(step.after).title} if step.after else ""


_PLACES = {
    "trigger": _lazy("Begins"),
    "entry": _lazy("Enters"),
    "exit": _lazy("Leaves early"),
    "goal": _lazy("Goal"),
    "steps": _lazy("Steps"),
}


def problem_words(problem: Problem, data: Data) -> str:
    """As people name the place: "“Call them”, kind of task: there is no 'x'."."""
    if problem.step is None:
        place = problem.place.partition(".")[0]
        return f"{_PLACES.get(place, place)}: {problem.reason}"
    step = data["steps"][problem.step]
    where = f"“{step.get('title', '')}”"
    if label := _label_of(problem.place, step):
        where = f"{where}, {label.lower()}"
    return f"{where}: {problem.reason}"


def _label_of(place: str, step: Data) -> str:
    """Of the parameter that a place in a step is about; "" where it is about none."""
    _steps, _at, part, *rest = [*place.split("."), ""]
    if part == "params" and rest[0]:
        asked = parameters_of(step.get("kind", ""), step.get("action", ""))
        return next((str(one.label) for one in asked if one.key == rest[0]), rest[0])
    return ""
