"""What a playbook's steps can do, offered by the apps in their `actions.py`."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from agentfactory_cs.console.registry import Words
from agentfactory_cs.customers.models import Customer
from agentfactory_cs.registry import Registry

Kind = Literal["text", "long_text", "number", "days", "choice", "yes_no"]


class BadParameter(ValueError):
    """A parameter that an action cannot work with; the message names it and the reason."""


_asked: ContextVar[dict[Any, Mapping[str, Words]] | None] = ContextVar("choices asked already", default=None)


@contextmanager
def asking_once() -> Iterator[None]:
    """Within, the choices of each parameter are asked once: for many definitions at a time."""
    token = _asked.set({} if (asked := _asked.get()) is None else asked)
    try:
        yield
    finally:
        _asked.reset(token)


@dataclass(frozen=True)
class Parameter:
    """One thing an action must be told. `choices` are asked when staff save, so that they may come from a table."""

    key: str
    label: Words
    kind: Kind = "text"
    help: Words = ""
    required: bool = True
    default: Any = None
    choices: Callable[[], Sequence[tuple[str, Words]]] | None = None

    def offered(self) -> Mapping[str, Words] | None:
        """The choices by their keys; None where anything that fits the kind will do."""
        if self.choices is None:
            return None
        asked = _asked.get()
        if asked is None:
            return dict(self.choices())
        if self.choices not in asked:
            asked[self.choices] = dict(self.choices())
        return asked[self.choices]

    def checked(self, given: Any) -> Any:
        """The value to use. Raises BadParameter."""
        if given in (None, ""):
            if self.required and self.default is None:
                raise BadParameter(f"{self.key}: must be given.")
            return self.default
        self._check_kind(given)
        offered = self.offered()
        if offered is not None and given not in offered:
            raise BadParameter(f"{self.key}: there is no {given!r}.")
        return given

    def _check_kind(self, given: Any) -> None:
        if self.kind == "yes_no":
            fits, wanted = isinstance(given, bool), "true or false"
        elif self.kind in ("number", "days"):
            fits = isinstance(given, int) and not isinstance(given, bool) and 0 <= given <= 10_000
            wanted = "a whole number from 0 to 10000"
        else:
            fits, wanted = isinstance(given, str), "words"
        if not fits:
            raise BadParameter(f"{self.key}: must be {wanted}, not {given!r}.")


@dataclass(frozen=True)
class Outcome:
    """What came of a step. `because` is for people; `result` is kept on the step; a `waiting` one is tried again
    at `until`; one `with_person` is settled by its task."""

    state: Literal["done", "skipped", "waiting", "with_person", "failed"]
    because: str = ""
    until: datetime | None = None
    permanent: bool = True
    task_id: int | None = None
    result: Mapping[str, Any] = field(default_factory=dict)


def done(because: str = "", **result: Any) -> Outcome:
    return Outcome("done", because, result=result)


def skipped(because: str) -> Outcome:
    """Nothing to do: the reason is shown on the run."""
    return Outcome("skipped", because)


def wait_until(moment: datetime, because: str) -> Outcome:
    return Outcome("waiting", because, until=moment)


def failed(because: str, *, permanent: bool = True) -> Outcome:
    """What cannot be done: for good, or for now (tried again, later and later)."""
    return Outcome("failed", because, permanent=permanent)


@dataclass(frozen=True)
class Context:
    """What an action is told beside its parameters. `reference` names the step for ever: a key for whatever must
    not be done twice."""

    customer: Customer
    playbook: str
    run_id: int
    step_id: int
    step_title: str
    entered_at: datetime
    due_at: datetime
    now: datetime

    @property
    def reference(self) -> str:
        return f"playbooks.step:{self.step_id}"


@dataclass(frozen=True)
class Action:
    """One thing a step can do, by one service call, in the transaction that settles the step.

    `run` may be called again for the same step when its transaction was lost, never after it was stored.
    `sends_mail` and `makes_task` are what a preview counts. `check(params)` judges parameters that depend on each
    other: it raises BadParameter.
    """

    key: str
    label: Words
    run: Callable[[Context, Mapping[str, Any]], Outcome]
    parameters: tuple[Parameter, ...] = ()
    icon: str = "bolt"
    sends_mail: bool = False
    makes_task: bool = False
    order: int = 100
    check: Callable[[Mapping[str, Any]], None] | None = None

    def checked(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """All parameters with their values. Raises BadParameter naming the first that does not fit."""
        known = {parameter.key for parameter in self.parameters}
        if unknown := sorted(set(params) - known):
            raise BadParameter(f"{unknown[0]}: {self.key} has no such parameter; it knows {', '.join(sorted(known))}.")
        checked = {parameter.key: parameter.checked(params.get(parameter.key)) for parameter in self.parameters}
        if self.check:
            self.check(checked)
        return checked


actions: Registry[Action] = Registry("playbook action")
