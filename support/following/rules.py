"""What comes next for a ticket that waits for its customer or is solved, and when. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# The customer gets at least this long between two steps, also where nobody did what was due for a week.
REST = timedelta(days=1)


class Step(StrEnum):
    REMINDER = "reminder"
    SECOND_REMINDER = "second_reminder"
    GIVE_UP = "give_up"
    QUESTION = "question"
    SURVEY = "survey"
    CLOSE = "close"


Plan = Sequence[tuple[Step, timedelta]]

# Days round the clock, from the moment at which it began to wait.
OF_PENDING: Plan = (
    (Step.REMINDER, timedelta(days=2)),
    (Step.SECOND_REMINDER, timedelta(days=5)),
    (Step.GIVE_UP, timedelta(days=7)),
)
# From the moment at which it was resolved.
OF_RESOLVED: Plan = (
    (Step.QUESTION, timedelta(0)),
    (Step.SURVEY, timedelta(days=1)),
    (Step.CLOSE, timedelta(days=7)),
)
# One that is closed by hand soon after it was resolved is asked about nevertheless.
OF_CLOSED = OF_RESOLVED[:-1]


@dataclass(frozen=True)
class Standing:
    """How a ticket stands. `done` are the steps of its present state, the last of them at `done_at`."""

    status: str
    pending_since: datetime | None = None
    resolved_at: datetime | None = None
    done: Collection[str] = ()
    done_at: datetime | None = None
    is_merged: bool = False


@dataclass(frozen=True)
class Next:
    step: Step
    at: datetime


def next_step(ticket: Standing) -> Next | None:
    """None where nothing follows: somebody of ours has the word, or it is over."""
    since, plan = _plan(ticket)
    if since is None or ticket.is_merged:
        return None
    left = ((step, wait) for step, wait in plan if step not in ticket.done)
    step, wait = next(left, (None, REST))
    if step is None:
        return None
    rested = ticket.done_at + REST if ticket.done_at else since
    return Next(step, max(since + wait, rested))


def _plan(ticket: Standing) -> tuple[datetime | None, Plan]:
    if ticket.status == "pending":
        return ticket.pending_since, OF_PENDING
    if ticket.status == "resolved":
        return ticket.resolved_at, OF_RESOLVED
    return (ticket.resolved_at, OF_CLOSED) if ticket.status == "closed" else (None, ())
