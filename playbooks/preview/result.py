"""What a preview found, as it is kept: counts by day, by success manager, and the customers that matter most."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

# Whole days that a preview looks back on, the last of them yesterday.
DAYS = 90
# So many customers are named, those with the most revenue first.
SHOWN = 50
# So many of those who would have got too much mail are named.
SHOWN_OVER = 20


@dataclass(frozen=True)
class Share:
    """What falls to one success manager, as customers are assigned today; without an id: to nobody."""

    manager_id: int | None
    name: str
    entered: int
    mails: int
    tasks: int


@dataclass(frozen=True)
class Entrant:
    """A customer that would have entered, when and why; `mails` and `tasks` until the end of the preview."""

    customer_id: int
    name: str
    at: str
    because: str
    mails: int
    tasks: int
    revenue: Mapping[str, str]
    is_held_out: bool

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.at)


@dataclass(frozen=True)
class TooMuch:
    """A customer whose primary contact would have been sent more than the cap allows: the most within 7 days, and how
    many of those were really sent by others."""

    customer_id: int
    name: str
    mails: int
    sent: int
    day: str

    @property
    def date(self) -> date:
        return date.fromisoformat(self.day)


@dataclass(frozen=True)
class Result:
    """A preview. `entered`, `mails` and `tasks` count by day, from `since` on; times of entering, not customers.

    `customers` entered at least once; `held_out` are those of the draw, in none of the other figures; `left_early` by
    the exit condition or by churn; `refused` counts customers by the key of the reason; `without_contact` would
    have got mail but have no primary contact; `late_events` were learned of too late to let anybody in; `today_only`
    are the facts asked for that know no history.
    """

    since: str
    until: str
    customers: int
    entered: Sequence[int]
    mails: Sequence[int]
    tasks: Sequence[int]
    held_out: int
    left_early: int
    refused: Mapping[str, int]
    managers: Sequence[Share]
    entrants: Sequence[Entrant]
    over_cap: int
    too_much: Sequence[TooMuch]
    without_contact: int
    late_events: int
    today_only: Sequence[str]
    starts_others: bool

    @property
    def first_day(self) -> date:
        return date.fromisoformat(self.since)

    @property
    def weeks(self) -> float:
        return len(self.entered) / 7

    def day(self, place: int) -> date:
        return self.first_day + timedelta(days=place)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Result":
        parts = {
            "managers": [Share(**one) for one in data["managers"]],
            "entrants": [Entrant(**one) for one in data["entrants"]],
            "too_much": [TooMuch(**one) for one in data["too_much"]],
        }
        return cls(**{**data, **parts})
