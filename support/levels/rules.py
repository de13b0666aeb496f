"""What is promised: for each tier and severity, how much business time until each of three moments. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

TIERS = ("free", "starter", "pro", "enterprise")
SEVERITIES = ("low", "normal", "high", "critical")
# A year of eight-hour days: more is a slip of the pen.
MOST_MINUTES = 8 * 60 * 250


class BadPolicy(ValueError):
    """Targets that cannot be used; the message names the place and the reason."""


class Clock(StrEnum):
    """What is measured: until our first answer, until the answer to each later message, until it is resolved."""

    FIRST_RESPONSE = "first_response"
    NEXT_RESPONSE = "next_response"
    RESOLUTION = "resolution"

    @property
    def words(self) -> str:
        return {"first_response": "first response", "next_response": "next response"}.get(self.value, self.value)


@dataclass(frozen=True)
class Targets:
    """Business time within which each is promised; None: no promise, the clock does not run."""

    first_response: timedelta | None = None
    next_response: timedelta | None = None
    resolution: timedelta | None = None

    def of(self, clock: Clock) -> timedelta | None:
        return {
            Clock.FIRST_RESPONSE: self.first_response,
            Clock.NEXT_RESPONSE: self.next_response,
            Clock.RESOLUTION: self.resolution,
        }[clock]


@dataclass(frozen=True)
class Policy:
    """Targets by tier and severity, none left out."""

    targets: Mapping[tuple[str, str], Targets]

    def of(self, tier: str, severity: str) -> Targets:
        return self.targets[tier, severity]


def parse(data: Any) -> Policy:
    """From {"targets": {tier: {severity: {"first_response": minutes or null, …}}}}; every one must be there.

    Raises BadPolicy.
    """
    if not isinstance(data, Mapping) or set(data) != {"targets"}:
        raise BadPolicy('must be an object with "targets" alone.')
    tiers = _all_of(data["targets"], TIERS, "targets")
    return Policy(
        {
            (tier, severity): _targets(row, f"targets.{tier}.{severity}")
            for tier, rows in tiers.items()
            for severity, row in _all_of(rows, SEVERITIES, f"targets.{tier}").items()
        }
    )


def _all_of(data: Any, keys: tuple[str, ...], place: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise BadPolicy(f"{place}: must be an object with {', '.join(keys)}, not {data!r}.")
    if unknown := sorted(str(key) for key in set(data) - set(keys)):
        raise BadPolicy(f"{place}: knows no {', '.join(unknown)}; there are {', '.join(keys)}.")
    if missing := [key for key in keys if key not in data]:
        raise BadPolicy(f"{place}: lacks {', '.join(missing)}.")
    return data


def _targets(data: Any, place: str) -> Targets:
    row = _all_of(data, tuple(Clock), place)
    found = Targets(**{str(clock): _minutes(row[clock], f"{place}.{clock}") for clock in Clock})
    if found.first_response and found.resolution and found.resolution < found.first_response:
        raise BadPolicy(f"{place}: a resolution cannot be due before the first response.")
    return found


def _minutes(value: Any, place: str) -> timedelta | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_MINUTES:
        raise BadPolicy(f"{place}: must be whole minutes from 1 to {MOST_MINUTES}, or null, not {value!r}.")
    return timedelta(minutes=value)
