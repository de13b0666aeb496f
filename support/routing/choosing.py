"""Who of a team gets a ticket. Pure: no Django.

Among the team's people who are here, speak the language and have room, the one with the fewest open tickets; of
several, whoever has been given nothing for longest. Where nobody of the team who is here speaks the language, somebody
of another team who does, by the same measure: the ticket stays with its team, but its writer is understood. Where those
who speak it only have no room, it waits for one of them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from .rules import base_of

_NEVER = datetime.min.replace(tzinfo=UTC)


class Why(StrEnum):
    """Why somebody was chosen, or nobody."""

    TEAM = "team"
    OTHER_TEAM = "other_team"
    KEPT = "kept"
    BY_HAND = "by_hand"
    NO_TEAM = "no_team"
    EMPTY = "empty"
    NOBODY_HERE = "nobody_here"
    NOBODY_SPEAKS = "nobody_speaks"
    FULL = "full"
    OTHER_FULL = "other_full"


@dataclass(frozen=True)
class Candidate:
    """One of our people at the desk. `load` counts the open tickets that wait for them, `capacity` is how many routing
    may give; `is_here`: takes tickets, and is not away."""

    agent: int
    user: int
    name: str
    teams: frozenset[int]
    languages: Sequence[str]
    is_here: bool
    capacity: int
    load: int = 0
    last_assigned_at: datetime | None = None

    def speaks(self, language: str) -> bool:
        """The language itself, or a regional form of it."""
        return base_of(language) in {base_of(spoken) for spoken in self.languages}

    @property
    def has_room(self) -> bool:
        return self.load < self.capacity


@dataclass(frozen=True)
class Choice:
    """Who, if anybody, and why; `among` counts those it was chosen from."""

    candidate: Candidate | None
    why: Why
    among: int = 0


def suited(candidates: Sequence[Candidate], team: int, language: str) -> tuple[list[Candidate], Why]:
    """Those who come into question whatever their load, and the reason: TEAM or OTHER_TEAM; or why there is nobody."""
    members = [one for one in candidates if team in one.teams]
    if not members:
        return [], Why.EMPTY
    here = [one for one in members if one.is_here]
    if not here:
        return [], Why.NOBODY_HERE
    if speaking := [one for one in here if one.speaks(language)]:
        return speaking, Why.TEAM
    others = [one for one in candidates if team not in one.teams and one.is_here and one.speaks(language)]
    return (others, Why.OTHER_TEAM) if others else ([], Why.NOBODY_SPEAKS)


def choose(candidates: Sequence[Candidate], team: int, language: str) -> Choice:
    found, why = suited(candidates, team, language)
    if not found:
        return Choice(None, why)
    if best := least_loaded(found):
        return Choice(best, why, len(found))
    return Choice(None, Why.FULL if why is Why.TEAM else Why.OTHER_FULL, len(found))


def least_loaded(candidates: Iterable[Candidate]) -> Candidate | None:
    free = [one for one in candidates if one.has_room]
    return min(free, key=lambda one: (one.load, one.last_assigned_at or _NEVER, one.agent), default=None)
