"""Milestones of onboarding, checklists, progress, and when a customer is stuck: pure arithmetic, no Django.

A checklist's definition is plain data (ChecklistVersion.definition):

    {"items": [{"key": "first_agent", "title": "First agent created", "expected_day": 5, "is_required": true,
                "help": "…"}, …]}

Day 1 of a customer is the day of signup; "by day 5" is until the end of the fifth day (see
docs/onboarding.md).
"""

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

PROVISIONED = "account_provisioned"
FIRST_LOGIN = "first_login"
FIRST_AGENT = "first_agent"
KNOWLEDGE_BASE = "knowledge_base"
FIRST_CONVERSATION = "first_conversation"
FIRST_WEEK = "first_week_active"
TRAINING = "training_completed"
ONBOARDING_CALL = "onboarding_call"

# What can be reached by evidence, with its name; a checklist may add items of its own, which people tick off.
KNOWN = {
    PROVISIONED: "Account provisioned",
    FIRST_LOGIN: "First login",
    FIRST_AGENT: "First agent created",
    KNOWLEDGE_BASE: "Knowledge base ready",
    FIRST_CONVERSATION: "First conversation",
    FIRST_WEEK: "First week active",
    TRAINING: "Training completed",
    ONBOARDING_CALL: "Onboarding call held",
}
# A week is an active one when the platform was used on so many of its seven days.
ACTIVE_DAYS_OF_WEEK = 3

GRACE = timedelta(days=2)
SILENCE = timedelta(days=5)
# Onboarding is reviewed on this day; the review done, it is complete whatever is missing.
REVIEW_DAY = 14

MAX_ITEMS = 30
MAX_DAY = 365
MAX_KEY = 40
MAX_TITLE = 100
_KEY = re.compile(r"[a-z][a-z0-9_]*")


class BadChecklist(ValueError):
    """A checklist that cannot be used; the message names the place and the reason."""


@dataclass(frozen=True)
class Item:
    """One line of a checklist. `expected_day` None: it is not waited for, so nobody is stuck at it."""

    key: str
    title: str
    expected_day: int | None = None
    is_required: bool = True
    help: str = ""

    @property
    def is_by_hand(self) -> bool:
        """Only a person can tell."""
        return self.key not in KNOWN

    def expected_at(self, started_at: datetime) -> datetime | None:
        return None if self.expected_day is None else started_at + timedelta(days=self.expected_day)


@dataclass(frozen=True)
class Checklist:
    items: Sequence[Item]

    @classmethod
    def from_data(cls, data: Any) -> "Checklist":
        """Raises BadChecklist."""
        _only(data, "checklist", {"items"})
        items = data.get("items")
        if not isinstance(items, Sequence) or isinstance(items, str) or not 1 <= len(items) <= MAX_ITEMS:
            raise BadChecklist(f"items: must be a list of 1 to {MAX_ITEMS}.")
        parsed = [_item(item, f"items.{place}") for place, item in enumerate(items)]
        keys = [item.key for item in parsed]
        if twice := next((key for key in keys if keys.count(key) > 1), ""):
            raise BadChecklist(f"items: {twice} stands there twice.")
        if not any(item.is_required for item in parsed):
            raise BadChecklist("items: at least one must be required.")
        return cls(parsed)

    def required(self) -> list[Item]:
        return [item for item in self.items if item.is_required]

    def item(self, key: str) -> Item | None:
        return next((item for item in self.items if item.key == key), None)


@dataclass(frozen=True)
class Blocker:
    """What keeps a customer from going on, since when."""

    item: Item
    since: datetime
    is_silence: bool = False


def is_key(value: object) -> bool:
    """Whether it may be the key of a milestone: small letters, digits and _."""
    return isinstance(value, str) and len(value) <= MAX_KEY and bool(_KEY.fullmatch(value))


def title_of(key: str) -> str:
    """A milestone's name where no checklist gives it one."""
    return KNOWN.get(key) or key.replace("_", " ").capitalize()


def missing(checklist: Checklist, reached: Collection[str]) -> list[Item]:
    """Required and not reached, in the checklist's order."""
    return [item for item in checklist.required() if item.key not in reached]


def progress(checklist: Checklist, reached: Collection[str]) -> tuple[int, int]:
    """How many of the required items are reached, of how many."""
    required = checklist.required()
    return sum(item.key in reached for item in required), len(required)


def blocker(
    checklist: Checklist, reached: Mapping[str, datetime], *, started_at: datetime, now: datetime
) -> Blocker | None:
    """What a customer is stuck at on `now`, or None where it is not stuck.

    A required item that is not reached by its expected day and GRACE; the first such by its day. Else, where
    something is missing still and nothing was reached for SILENCE, the first that is missing.
    """
    lacking = missing(checklist, reached)
    late = [(at + GRACE, item) for item in lacking if (at := item.expected_at(started_at)) and at + GRACE <= now]
    if late:
        since, item = min(late, key=lambda one: one[0])
        return Blocker(item, since)
    last = max((started_at, *(at for at in reached.values() if at <= now)))
    if lacking and last + SILENCE <= now:
        return Blocker(lacking[0], last + SILENCE, is_silence=True)
    return None


def target_of(current: float, full: float) -> int:
    """What to aim at with a success metric: twice what it is, within a quarter of the tier's full use and all of it;
    a quarter more than it is where it is at full use already. Never less than one above what it is."""
    wanted = min(max(2 * current, full / 4), full) if current < full else 1.25 * current
    return max(_two_digits(wanted), math.floor(current) + 1)


def _two_digits(value: float) -> int:
    """Rounded up to two digits that say something: 1 234 becomes 1 300."""
    step = 10 ** max(len(str(math.ceil(value))) - 2, 0)
    return math.ceil(value / step) * step


def _only(data: Any, place: str, keys: set[str]) -> None:
    if not isinstance(data, Mapping):
        raise BadChecklist(f"{place}: must be an object, not {data!r}.")
    if unknown := sorted(str(key) for key in set(data) - keys):
        raise BadChecklist(f"{place}: knows no {', '.join(unknown)}; it may hold {', '.join(sorted(keys))}.")


def _item(data: Any, place: str) -> Item:
    _only(data, place, set(Item.__dataclass_fields__))
    if not is_key(data.get("key")):
        raise BadChecklist(
            f"{place}.key: must be at most {MAX_KEY} small letters, digits and _, beginning with a letter,"
            f" not {data.get('key')!r}."
        )
    title = data.get("title")
    if not isinstance(title, str) or not title.strip() or len(title) > MAX_TITLE:
        raise BadChecklist(f"{place}.title: must be words of at most {MAX_TITLE} characters, not {title!r}.")
    day = data.get("expected_day")
    if day is not None and (isinstance(day, bool) or not isinstance(day, int) or not 1 <= day <= MAX_DAY):
        raise BadChecklist(f"{place}.expected_day: must be a whole number from 1 to {MAX_DAY} or empty, not {day!r}.")
    if not isinstance(data.get("is_required", True), bool):
        raise BadChecklist(f"{place}.is_required: must be true or false.")
    if not isinstance(data.get("help", ""), str):
        raise BadChecklist(f"{place}.help: must be words.")
    return Item(data["key"], data["title"], day, data.get("is_required", True), data.get("help", ""))
