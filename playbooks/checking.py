"""Whether a definition can be run here: its facts, events, actions and their parameters exist and fit."""

from agentfactory_cs.customers.conditions import BadCondition, Condition
from agentfactory_cs.events.registry import triggers

from .registry import BadParameter, actions
from .rules import ACTION, EVENT, BadDefinition, Data, Definition, Step


def check(data: Data) -> Definition:
    """The definition, parsed. Raises BadDefinition naming the place and the reason."""
    plan = Definition.from_data(data)
    if plan.trigger.kind == EVENT and plan.trigger.event not in triggers:
        raise BadDefinition(f"trigger.event: there is no event {plan.trigger.event!r}.")
    _check_condition(plan.entry, "entry")
    _check_condition(plan.exit, "exit")
    _check_condition(plan.goal.when if plan.goal else None, "goal.when")
    for place, step in enumerate(plan.steps):
        _check_step(step, f"steps.{place}")
    return plan


def _check_condition(data: Data | None, place: str) -> None:
    try:
        Condition.from_data(data, place)
    except BadCondition as error:
        raise BadDefinition(str(error)) from None


def _check_step(step: Step, place: str) -> None:
    _check_condition(step.condition, f"{place}.condition")
    if step.kind != ACTION:
        return
    if step.action not in actions:
        raise BadDefinition(f"{place}.action: there is no action {step.action!r}.")
    try:
        actions.get(step.action).checked(step.params)
    except BadParameter as error:
        raise BadDefinition(f"{place}.params.{error}") from None
