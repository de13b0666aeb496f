"""Whether a customer may enter a playbook at a moment: one judge for those who enter and for a preview of it."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from agentfactory_cs.customers.days import utc_day

from .models import Playbook
from .models.run import RefusalReason
from .words import LEFT_US

# An event learned of so long after it happened (an import of customers of last year) is no reason to act now.
OLD_NEWS = timedelta(days=2)

Reason = tuple[RefusalReason, str]


@dataclass(frozen=True)
class Past:
    """The latest time that a customer was let into the playbook; `ended_at` None: it is in it still."""

    entered_at: datetime
    ended_at: datetime | None
    event_id: int | None = None


@dataclass(frozen=True)
class Standing:
    """What speaks for or against a customer's entering, beside the entry conditions.

    `event_id` and `happened_at` are those of the event that names it, where one does; `held_by` is the name of
    an exclusive playbook of higher priority that has it ("" for none).
    """

    has_churned: bool = False
    event_id: int | None = None
    happened_at: datetime | None = None
    held_by: str = ""
    past: Past | None = None


def why_not(standing: Standing, cool_down_days: int, now: datetime) -> Reason | None:
    """The weightiest reason against entering, in words; None where there is none."""
    if standing.has_churned:
        return RefusalReason.CHURNED, LEFT_US
    if standing.past and (reason := _not_again(standing.past, standing.event_id, cool_down_days, now)):
        return reason
    if standing.held_by:
        return RefusalReason.PRIORITY, f"It is in {standing.held_by}, which goes first."
    if standing.happened_at and now - standing.happened_at > OLD_NEWS:
        happened = utc_day(standing.happened_at)
        return RefusalReason.OLD_NEWS, f"It happened on {happened}, more than {OLD_NEWS.days} days before we knew."
    return None


def _not_again(past: Past, event_id: int | None, cool_down_days: int, now: datetime) -> Reason | None:
    if past.ended_at is None:
        return RefusalReason.ALREADY_IN, f"It has been in it since {utc_day(past.entered_at)}."
    if event_id and past.event_id == event_id:
        return RefusalReason.ALREADY_IN, "This very event let it in before."
    again = past.ended_at + timedelta(days=cool_down_days)
    if again > now:
        words = f"It was in it until {utc_day(past.ended_at)}; it may again on {utc_day(again)}."
        return RefusalReason.COOL_DOWN, words
    return None


def is_held_out(playbook: Playbook, customer_id: int) -> bool:
    """By a draw that is the same for ever: the share of customers that a playbook is measured against."""
    drawn = hashlib.sha256(f"{playbook.key}:{customer_id}".encode()).digest()
    return int.from_bytes(drawn[:4]) % 10_000 < playbook.holdout_percent * 100
