"""What a backtest found, in figures; `words` says them in sentences."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from .figures import Measure

# Fewer departures leave an interval so wide, or so lucky, that nothing can be read from it.
ENOUGH_CHURNERS = 10
# A metric known of a smaller share of the looks says more about who has it than about what it reads.
KNOWN_ENOUGH = 0.2


@dataclass(frozen=True)
class Discrimination:
    """How well one predictor tells who leaves.

    `area` compares all with all; `net` only customers of one month end and about one age, so that what age
    tells is left out. `share` is the share of the looks at which the predictor had data.
    """

    key: str
    share: float
    area: Measure | None
    net: Measure | None


@dataclass(frozen=True)
class Rival:
    """A trivial predictor (fell, fall, age), and by how much the score beats it: the difference of the areas."""

    key: str
    area: Measure | None
    net: Measure | None
    margin: Measure | None


@dataclass(frozen=True)
class Caught:
    """Of those who left, how many stood among the worst `share` of a month end (counted by look)."""

    share: float
    caught: float
    of: int


@dataclass(frozen=True)
class Lead:
    """How long before departures the customer stood in the worst fifth of every month end, until it left.

    `seen` of `of` departures did; `median_days` from the first such month end to the departure.
    """

    seen: int
    of: int
    median_days: float | None


@dataclass(frozen=True)
class Tenth:
    """The looks of one tenth by score, worst first, and how many of them left within the horizon."""

    lowest: float
    highest: float
    looks: int
    left: int


@dataclass(frozen=True)
class TierFigures:
    tier: str
    looks: int
    churners: int
    area: Measure | None


@dataclass(frozen=True)
class MonthFigures:
    """One month end: how many were looked at, who left within the horizon, and how many of these were caught."""

    day: str
    customers: int
    left: int
    caught: float


@dataclass(frozen=True)
class Suggestion:
    """Weights that a model fitted to the same months would choose.

    `definition` is that of the version `version_id` with other weights; None where there is nothing to offer, and
    `reason` says why: not_installed, several_scorecards, too_few, not_better. `before` and `after` are areas on
    customers that the model had not seen.
    """

    reason: str
    before: float | None = None
    after: float | None = None
    gain: Measure | None = None
    definition: Mapping[str, Any] | None = None
    version_id: int | None = None

    @property
    def is_offered(self) -> bool:
        return self.definition is not None


@dataclass(frozen=True)
class Result:
    """All figures of one backtest. A *look* is one customer at one month end."""

    scorecard: str
    since: str
    until: str
    horizon_days: int
    looks: int
    scored: int
    reliable: int
    coverage: float
    customers: int
    churners: int
    score: Discrimination
    score_reliable: Discrimination
    rivals: list[Rival]
    caught: list[Caught]
    lead: Lead
    tenths: list[Tenth]
    tiers: list[TierFigures]
    metrics: list[Discrimination]
    months: list[MonthFigures]
    suggestion: Suggestion

    @property
    def verdict(self) -> str:
        """too_few, no_signal, only_age, wrong_way or signal."""
        area, net = self.score.area, self.score.net
        if self.churners < ENOUGH_CHURNERS or area is None or net is None:
            return "too_few"
        if area.is_chance:
            return "no_signal"
        if net.is_chance:
            return "only_age"
        return "wrong_way" if net.high < 0.5 or area.high < 0.5 else "signal"

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Result":
        """Back from what `to_json` gave."""
        many = {name: [_build(kind, one) for one in stored[name]] for name, kind in _LISTS.items()}
        return cls(**{**stored, **many, **{name: _build(kind, stored[name]) for name, kind in _ONES.items()}})


_LISTS: Mapping[str, Any] = {
    "rivals": Rival,
    "caught": Caught,
    "tenths": Tenth,
    "tiers": TierFigures,
    "metrics": Discrimination,
    "months": MonthFigures,
}
_ONES: Mapping[str, Any] = {
    "score": Discrimination,
    "score_reliable": Discrimination,
    "lead": Lead,
    "suggestion": Suggestion,
}
_MEASURES = {"area", "net", "margin", "gain"}


def _build(kind: Any, stored: Mapping[str, Any]) -> Any:
    return kind(**{name: _measured(value) if name in _MEASURES else value for name, value in stored.items()})


def _measured(value: Mapping[str, float] | None) -> Measure | None:
    return Measure(**value) if value else None
