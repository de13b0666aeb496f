"""Whether a definition can be run here: its facts, events, actions and their parameters exist and fit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agentfactory_cs.customers.conditions import BadCondition, Condition
from agentfactory_cs.events.registry import triggers

from .people import PARAMETERS
from .registry import BadParameter, Parameter, actions
from .rules import ACTION, EVENT, MANUAL, BadDefinition, Data, Definition, Step


@dataclass(frozen=True)
class Problem:
    """Why a definition cannot be run: the place in it (`steps.3.params.template`) and the reason."""

    place: str
    reason: str

    @classmethod
    def of(cls, error: ValueError) -> "Problem":
        place, _colon, reason = str(error).partition(": ")
        return cls(place, reason)

    @property
    def step(self) -> int | None:
        """The place of the step it is about, from 0; None where it is about none."""
        parts = self.place.split(".")
        return int(parts[1]) if len(parts) > 1 and parts[0] == "steps" and parts[1].isdigit() else None

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


def problems(data: Data, *, is_sequence: bool = False) -> list[Problem]:
    """All that is wrong; where it does not parse, the first thing that keeps it from that."""
    try:
        plan = Definition.from_data(data)
    except BadDefinition as error:
        return [Problem.of(error)]
    return list(_problems(plan, is_sequence))


def check(data: Data, *, is_sequence: bool = False) -> Definition:
    """The definition, parsed. Raises BadDefinition naming the first place and the reason."""
    plan = Definition.from_data(data)
    for problem in _problems(plan, is_sequence):
        raise BadDefinition(str(problem))
    return plan


def unaskable(plan: Definition) -> Iterator[Problem]:
    """What is wrong with its conditions alone: what those who are in it would stand still for."""
    yield from _of_playbook(plan)
    for place, step in enumerate(plan.steps):
        yield from _of_condition(step.condition, f"steps.{place}.condition")


def _problems(plan: Definition, is_sequence: bool) -> Iterator[Problem]:
    if plan.trigger.kind == EVENT and plan.trigger.event not in triggers:
        yield Problem("trigger.event", f"there is no event {plan.trigger.event!r}.")
    yield from _of_playbook(plan)
    for place, step in enumerate(plan.steps):
        yield from _of_step(step, f"steps.{place}")
    if is_sequence:
        yield from sequence_problems(plan)


def sequence_problems(plan: Definition) -> Iterator[Problem]:
    """The steps of a sequence that do anything but send mail."""
    for place, step in enumerate(plan.steps):
        if not _only_mail(step):
            part = "action" if step.kind == ACTION else "kind"
            yield Problem(f"steps.{place}.{part}", f"the step {step.title!r} does more; a sequence only sends mail.")


def _of_playbook(plan: Definition) -> Iterator[Problem]:
    yield from _of_condition(plan.entry, "entry")
    yield from _of_condition(plan.exit, "exit")
    yield from _of_condition(plan.goal.when if plan.goal else None, "goal.when")


def _only_mail(step: Step) -> bool:
    """What is not offered here is told as such, not as this."""
    if step.kind == ACTION:
        return step.action not in actions or actions.get(step.action).sends_mail
    return step.kind != MANUAL


def _of_condition(data: Data | None, place: str) -> Iterator[Problem]:
    try:
        Condition.from_data(data, place)
    except BadCondition as error:
        yield Problem.of(error)


def _of_step(step: Step, place: str) -> Iterator[Problem]:
    yield from _of_condition(step.condition, f"{place}.condition")
    if step.kind == ACTION and step.action not in actions:
        yield Problem(f"{place}.action", f"there is no action {step.action!r}.")
        return
    yield from (Problem.of(BadParameter(f"{place}.params.{error}")) for error in _of_params(step))


def _of_params(step: Step) -> Iterator[BadParameter]:
    parameters = parameters_of(step.kind, step.action)
    known = ", ".join(sorted(parameter.key for parameter in parameters)) or "none"
    wrong = [
        BadParameter(f"{key}: there is no such parameter here; known: {known}.")
        for key in sorted(set(step.params) - {parameter.key for parameter in parameters})
    ]
    for parameter in parameters:
        try:
            parameter.checked(step.params.get(parameter.key))
        except BadParameter as error:
            wrong.append(error)
    yield from wrong
    # What depends on several of them is asked once each fits by itself.
    if step.kind == ACTION and not wrong:
        try:
            actions.get(step.action).checked(step.params)
        except BadParameter as error:
            yield error


def parameters_of(kind: str, action: str) -> Sequence[Parameter]:
    """What a step of the kind, or with the action, is told; nothing where there is no such action."""
    if kind == MANUAL:
        return PARAMETERS
    return actions.get(action).parameters if kind == ACTION and action in actions else ()
