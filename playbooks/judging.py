"""How the conditions of runs and their steps stand, a query a condition.

What can be asked no more stops its own version alone: its runs stand still, and the others go on.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from agentfactory_cs.customers.conditions import BadCondition, Condition
from agentfactory_cs.customers.conditions.condition import Judgement

from .faults import note, words_of
from .models import Run, RunStep
from .words import exit_words

LOOK_AGAIN = timedelta(hours=1)

T = TypeVar("T")


@dataclass(frozen=True)
class Asked(Generic[T]):
    """By id, what was found; and why it could not be asked."""

    found: dict[int, T] = field(default_factory=dict)
    unasked: dict[int, str] = field(default_factory=dict)


def exits(runs: Sequence[Run], now: datetime) -> Asked[str]:
    """By run, the reason of those whose exit condition holds. One query a version."""
    asked = Asked[str]()
    for alike in _by_version(runs).values():
        try:
            asked.found.update(_exits(alike, now))
        except BadCondition as error:
            asked.unasked.update(_unasked(alike[0], [run.pk for run in alike], error, now))
    return asked


def judge(steps: Sequence[RunStep], now: datetime) -> Asked[Judgement]:
    """By step, how its condition stands, where it has one. One query a condition."""
    alike: dict[tuple[int, str], list[RunStep]] = defaultdict(list)
    for step in steps:
        alike[(step.run.version_id, step.key)].append(step)
    asked = Asked[Judgement]()
    for group in alike.values():
        try:
            asked.found.update(_judged(group, now))
        except BadCondition as error:
            asked.unasked.update(_unasked(group[0].run, [step.pk for step in group], error, now))
    return asked


def _unasked(run: Run, ids: Iterable[int], error: BadCondition, now: datetime) -> Mapping[int, str]:
    note(run.version, error, about=run.customer, now=now)
    return dict.fromkeys(ids, words_of(run.version, error))


def _by_version(runs: Iterable[Run]) -> Mapping[int, list[Run]]:
    found: dict[int, list[Run]] = defaultdict(list)
    for run in runs:
        found[run.version_id].append(run)
    return found


def _exits(runs: Sequence[Run], now: datetime) -> dict[int, str]:
    """Of runs of one version, those whose exit condition holds, with the reason."""
    way_out = runs[0].version.plan.exit
    if way_out is None:
        return {}
    judged = Condition.from_data(way_out, "exit").judge({run.customer_id for run in runs}, now)
    return {
        run.pk: exit_words(judged[run.customer_id])
        for run in runs
        if run.customer_id in judged and judged[run.customer_id].holds
    }


def _judged(steps: Sequence[RunStep], now: datetime) -> dict[int, Judgement]:
    """Of one step in runs of one version, how its condition stands."""
    first = steps[0]
    data = first.run.version.plan.step(first.key).condition
    if data is None:
        return {}
    condition = Condition.from_data(data, f"steps.{first.position}.condition")
    judged = condition.judge({step.run.customer_id for step in steps}, now)
    return {step.pk: judged[step.run.customer_id] for step in steps}
