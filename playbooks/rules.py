"""What a playbook's definition says: parsed from plain data, refused with the place and the reason. No Django.

    {"trigger": {"kind": "event", "event": "customers.signed_up"},            event | schedule | manual
     "entry": CONDITION, "exit": CONDITION, "goal": {"when": CONDITION, "within_days": 30},
     "steps": [{"key": "welcome", "title": "Welcome mail", "kind": "action", "day": 0, "hour": 0,
                "action": "messaging.send_mail", "params": {"template": "welcome_email"}}, …]}

A CONDITION is that of agentfactory_cs.customers.conditions: {"match": "all", "rows": [{"fact", "operator", "value"}]}.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

EVENT, SCHEDULE, MANUAL_START = "event", "schedule", "manual"
ACTION, MANUAL, WAIT, BRANCH = "action", "manual", "wait", "branch"
YES, NO = "yes", "no"
MAX_DAYS = 730
MAX_STEPS = 60

Data = Mapping[str, Any]


class BadDefinition(ValueError):
    """A definition that cannot be used; the message names the place and the reason."""


@dataclass(frozen=True)
class Trigger:
    """What lets customers in: an event, the daily look at everybody, or a person alone."""

    kind: Literal["event", "schedule", "manual"]
    event: str = ""


@dataclass(frozen=True)
class Goal:
    """What the playbook is for, and within how many days of entering it must be reached."""

    when: Data
    within_days: int


@dataclass(frozen=True)
class Step:
    """One step. Its time is `day` days and `hour` hours after entering, whatever happened to the steps before;
    behind a branch (`branch`, `outcome`) or with `after`, it is also not before those are settled.

    `action` does something by itself; `manual` is a task for a person and settled by it; `wait` is settled by
    time; `branch` waits until its condition holds, at most `wait_days`, and decides yes or no. Any other step
    with a `condition` that does not hold when it is due is skipped, with the reason.
    """

    key: str
    title: str
    kind: Literal["action", "manual", "wait", "branch"]
    day: int
    hour: int
    action: str = ""
    params: Data = field(default_factory=dict)
    condition: Data | None = None
    branch: str = ""
    outcome: Literal["", "yes", "no"] = ""
    after: str = ""
    wait_days: int = 0

    def due_at(self, entered_at: datetime) -> datetime:
        return entered_at + timedelta(days=self.day, hours=self.hour)


@dataclass(frozen=True)
class Definition:
    """A playbook version made ready to run."""

    trigger: Trigger
    entry: Data | None
    exit: Data | None
    goal: Goal | None
    steps: Sequence[Step]

    @classmethod
    def from_data(cls, data: Data) -> "Definition":
        """Raises BadDefinition naming what is wrong. That facts, actions and templates exist is checked when a
        version is saved (`services`), for it takes the registries."""
        _only(data, "definition", {"trigger", "entry", "exit", "goal", "steps"})
        steps = _list(data.get("steps"), "steps")
        if not 1 <= len(steps) <= MAX_STEPS:
            raise BadDefinition(f"steps: must be 1 to {MAX_STEPS} of them, not {len(steps)}.")
        parsed = [_step(item, f"steps.{place}") for place, item in enumerate(steps)]
        _check_links(parsed)
        return cls(
            trigger=_trigger(data.get("trigger")),
            entry=_condition(data.get("entry"), "entry"),
            exit=_condition(data.get("exit"), "exit"),
            goal=_goal(data.get("goal")),
            steps=parsed,
        )

    def step(self, key: str) -> Step:
        return next(step for step in self.steps if step.key == key)


def _only(data: Any, place: str, keys: set[str]) -> None:
    if not isinstance(data, Mapping):
        raise BadDefinition(f"{place}: must be an object, not {data!r}.")
    if unknown := sorted(str(key) for key in set(data) - keys):
        raise BadDefinition(f"{place}: knows no {', '.join(unknown)}; it may hold {', '.join(sorted(keys))}.")


def _list(value: Any, place: str) -> Sequence[Any]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise BadDefinition(f"{place}: must be a list, not {value!r}.")
    return value


def _text(data: Data, name: str, place: str, *, most: int = 120) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > most:
        raise BadDefinition(f"{place}.{name}: must be words of at most {most} characters, not {value!r}.")
    return value


def _count(data: Data, name: str, place: str, *, least: int, most: int, default: int = 0) -> int:
    value = data.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise BadDefinition(f"{place}.{name}: must be a whole number from {least} to {most}, not {value!r}.")
    return value


def _choice(data: Data, name: str, place: str, choices: Sequence[str], default: str = "") -> Any:
    value = data.get(name, default)
    if value not in choices:
        raise BadDefinition(f"{place}.{name}: must be one of {', '.join(filter(None, choices))}, not {value!r}.")
    return value


def _condition(value: Any, place: str) -> Data | None:
    """The rows are read by conditions.Condition; here it only must be one, or left out."""
    if value is None:
        return None
    _only(value, place, {"match", "rows"})
    _list(value.get("rows"), f"{place}.rows")
    return value


def _trigger(value: Any) -> Trigger:
    _only(value, "trigger", {"kind", "event"})
    kind = _choice(value, "kind", "trigger", (EVENT, SCHEDULE, MANUAL_START))
    if kind != EVENT and value.get("event"):
        raise BadDefinition("trigger.event: only an event trigger names one.")
    return Trigger(kind, _text(value, "event", "trigger") if kind == EVENT else "")


def _goal(value: Any) -> Goal | None:
    if value is None:
        return None
    _only(value, "goal", {"when", "within_days"})
    condition = _condition(value.get("when"), "goal.when")
    if condition is None:
        raise BadDefinition("goal.when: must be a condition.")
    return Goal(condition, _count(value, "within_days", "goal", least=1, most=MAX_DAYS))


_STEP_KEYS = set(Step.__dataclass_fields__)


def _step(value: Any, place: str) -> Step:
    _only(value, place, _STEP_KEYS)
    kind = _choice(value, "kind", place, (ACTION, MANUAL, WAIT, BRANCH))
    for name in ("action", "branch", "after"):
        if not isinstance(value.get(name, ""), str):
            raise BadDefinition(f"{place}.{name}: must be a word, not {value[name]!r}.")
    branch = value.get("branch", "")
    condition = _condition(value.get("condition"), f"{place}.condition")
    if kind == BRANCH and condition is None:
        raise BadDefinition(f"{place}.condition: a branch needs one to decide by.")
    if (kind == ACTION) != bool(value.get("action")):
        raise BadDefinition(f"{place}.action: an action step names one, no other step does.")
    params = value.get("params", {})
    if not isinstance(params, Mapping):
        raise BadDefinition(f"{place}.params: must be an object, not {params!r}.")
    return Step(
        key=_text(value, "key", place, most=60),
        title=_text(value, "title", place),
        kind=kind,
        day=_count(value, "day", place, least=0, most=MAX_DAYS),
        hour=_count(value, "hour", place, least=0, most=23),
        action=value.get("action", ""),
        params=params,
        condition=condition,
        branch=branch,
        outcome=_choice(value, "outcome", place, (YES, NO)) if branch else _choice(value, "outcome", place, ("",)),
        after=value.get("after", ""),
        wait_days=_count(value, "wait_days", place, least=0, most=MAX_DAYS),
    )


def _check_links(steps: Sequence[Step]) -> None:
    """A step may only hang on one that stands before it: so there is no circle."""
    before: dict[str, Step] = {}
    for place, step in enumerate(steps):
        if step.key in before:
            raise BadDefinition(f"steps.{place}.key: {step.key} is the key of an earlier step.")
        if step.branch and (step.branch not in before or before[step.branch].kind != BRANCH):
            raise BadDefinition(f"steps.{place}.branch: {step.branch} is no branch that stands before it.")
        if step.after and step.after not in before:
            raise BadDefinition(f"steps.{place}.after: {step.after} is no step that stands before it.")
        before[step.key] = step
