"""Who the demo's customers are and how they fare: everything else follows from this."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from agentfactory_cs.demo import World

from ..models.customer import ChurnReason, CustomerTier
from .words import Country

ONBOARDING_DAYS = 15


@dataclass(frozen=True)
class Curve:
    """A figure over time: (days ago, value) from the past to today, with straight lines between."""

    points: tuple[tuple[float, float], ...]

    def at(self, days_ago: float) -> float:
        return float(np.interp(-days_ago, *self._axes()))

    def over(self, days_ago: np.ndarray) -> np.ndarray:
        return np.interp(-days_ago, *self._axes())

    def _axes(self) -> tuple[list[float], list[float]]:
        return [-days_ago for days_ago, _ in self.points], [value for _, value in self.points]


def flat(value: float) -> Curve:
    return Curve(((0, value),))


@dataclass(frozen=True)
class Departure:
    """The customer left so many days ago, and perhaps came back."""

    days_ago: int
    reason: ChurnReason
    note: str
    back: int | None = None


@dataclass(frozen=True)
class Account:
    """One customer: who it is, and the curves that everything it does is drawn from.

    `use` is 1 where the customer uses the product as much as its tier is meant to; `presence` is the same
    for people logging in (agents go on working when nobody looks). `mood` runs from 0, furious, to 1, delighted.
    """

    index: int
    name: str
    tier: CustomerTier
    industry: str
    country: Country
    signed_up: int
    use: Curve
    mood: Curve
    presence: Curve
    conversing: float = 1.0
    posts_a_quarter: float = 0.0
    was: tuple[int, CustomerTier] | None = None
    departure: Departure | None = None
    stalled: bool = False
    story: str = ""

    @property
    def external_id(self) -> str:
        return f"demo-{self.index:06d}"

    @property
    def domain(self) -> str:
        """Under `.example`, which no mail ever reaches (RFC 2606)."""
        letters = "".join(letter for letter in self.name.lower() if letter.isascii() and letter.isalnum())
        return f"{letters}.example"

    @property
    def pays(self) -> bool:
        return self.tier != CustomerTier.FREE

    def tier_at(self, days_ago: int) -> CustomerTier:
        if self.was and days_ago > self.was[0]:
            return self.was[1]
        return self.tier

    def here(self, days_ago: int) -> bool:
        """Whether it was a customer on that day."""
        if days_ago > self.signed_up:
            return False
        gone = self.departure
        return gone is None or days_ago > gone.days_ago or (gone.back is not None and days_ago <= gone.back)

    def signed_up_at(self, world: World) -> datetime:
        hour = world.rng("customers.signup", self.index).uniform(7, 20)
        return world.moment(world.day(self.signed_up), hour)

    def onboarded(self) -> bool:
        return self.signed_up > ONBOARDING_DAYS and not self.stalled
