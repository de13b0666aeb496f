"""What the demo's customers do on the platform, day by day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np

from agentfactory_cs.demo import World

from ..models import Customer, Feature
from .accounts import Account

# Scoring looks back up to 90 days (community posts), so the first day shown needs that much before it.
LEAD_IN_DAYS = 90


class Full(NamedTuple):
    """What a customer of a tier does when its use is 1: the targets of the shipped scorecard."""

    api_calls_a_day: int
    active_agents: int
    conversations_a_week: int
    people: int
    # One small customer's days differ more than those of a big one.
    unrest: float


FULL = {
    Customer.Tier.FREE: Full(15, 1, 5, 1, 0.55),
    Customer.Tier.STARTER: Full(150, 3, 50, 3, 0.35),
    Customer.Tier.PRO: Full(1500, 10, 500, 8, 0.2),
    Customer.Tier.ENTERPRISE: Full(10_000, 25, 2500, 40, 0.12),
}

# By ISO weekday, with a mean of 1: work is done on working days, agents go on at weekends.
_RHYTHM = np.array([1.22, 1.28, 1.26, 1.24, 1.15, 0.45, 0.40])
_AGENT_RHYTHM = np.array([1.05, 1.05, 1.05, 1.05, 1.05, 0.9, 0.85])
_LOGIN_RHYTHM = np.array([1.0, 1.0, 1.0, 1.0, 0.95, 0.12, 0.1])


@dataclass(frozen=True)
class Days:
    """One account's days with any use, as columns of equal length."""

    day: list[date]
    api_calls: np.ndarray
    active_agents: np.ndarray
    conversations: np.ndarray
    logins: np.ndarray
    active_users: np.ndarray
    features: np.ndarray
    community_posts: np.ndarray


class Catalogue:
    """The bits of each tier's features, and the features' names."""

    def __init__(self) -> None:
        tiers = list(Customer.Tier)
        rows = list(Feature.objects.order_by("bit").values_list("bit", "name", "tier"))
        self._names = {bit: name for bit, name, _ in rows}
        features = [(bit, tier) for bit, _, tier in rows]
        self.bits = {
            tier: [bit for bit, lowest in features if tiers.index(Customer.Tier(lowest)) <= place]
            for place, tier in enumerate(tiers)
        }

    def names(self, features: int) -> list[str]:
        """The names behind a bit set."""
        return [name for bit, name in self._names.items() if features >> bit & 1]


def days_of(world: World, account: Account, catalogue: Catalogue) -> Days:
    """Every day with use from the lead-in, or signup, to yesterday."""
    noise = np.random.default_rng(world.rng("customers.usage", account.index).getrandbits(128))
    oldest = min(world.days + LEAD_IN_DAYS, account.signed_up)
    ago = np.arange(oldest, 0, -1)
    ago = ago[[account.here(int(days_ago)) for days_ago in ago]]
    weekday = (np.array([world.today.weekday()]) - ago) % 7
    use = account.use.over(ago) * _season(world, ago)
    columns = _counts(account, ago, weekday, use, noise)
    columns["features"] = _features(account, catalogue, use, columns["api_calls"], noise)
    columns["community_posts"] = noise.poisson(account.posts_a_quarter / 90, len(ago))
    used = np.any([column > 0 for column in columns.values()], axis=0)
    days = [world.day(int(days_ago)) for days_ago in ago[used]]
    return Days(day=days, **{name: column[used] for name, column in columns.items()})


def _season(world: World, ago: np.ndarray) -> np.ndarray:
    """The whole fleet's ebb and flow over the year: fullest in early autumn, a few per cent either way."""
    day_of_year = world.today.timetuple().tm_yday - ago
    return 1 + 0.04 * np.cos(2 * np.pi * (day_of_year - 270) / 365)


def _counts(
    account: Account, ago: np.ndarray, weekday: np.ndarray, use: np.ndarray, noise: np.random.Generator
) -> dict[str, np.ndarray]:
    full = _full(account, ago)
    unrest = full.unrest
    # The correction keeps the mean of a lognormal at 1.
    busy = use * _RHYTHM[weekday] * noise.lognormal(-(unrest**2) / 2, unrest, len(ago))
    presence = account.presence.over(ago)
    login_chance = np.clip(0.12 + 0.8 * presence, 0, 1) * (presence > 0) * _LOGIN_RHYTHM[weekday]
    present = noise.random(len(ago)) < login_chance
    people = np.where(present, 1 + noise.poisson(np.clip(presence, 0, 2) * (full.people - 1)), 0)
    return {
        "api_calls": noise.poisson(full.api_calls_a_day * busy),
        "active_agents": _agents(full.active_agents * use * _AGENT_RHYTHM[weekday], noise),
        "conversations": noise.poisson(account.conversing * full.conversations_a_week / 7 * busy),
        "logins": np.where(present, people + noise.poisson(people * 0.6), 0),
        "active_users": people,
    }


@dataclass(frozen=True)
class _FullOverTime:
    """`Full`, a column a figure: a customer that changed its tier is measured by the one it had."""

    api_calls_a_day: np.ndarray
    active_agents: np.ndarray
    conversations_a_week: np.ndarray
    people: np.ndarray
    unrest: np.ndarray


def _full(account: Account, ago: np.ndarray) -> _FullOverTime:
    rows: Sequence[Full] = [FULL[account.tier_at(int(days_ago))] for days_ago in ago]
    columns = np.array(rows, dtype=float).reshape(-1, len(Full._fields)).T
    return _FullOverTime(*columns)


def _agents(wanted: np.ndarray, noise: np.random.Generator) -> np.ndarray:
    """Whole agents whose mean is what is wanted: 2.3 is two, and a third on three days of ten."""
    return np.floor(wanted + noise.random(len(wanted))).astype(int)


def _features(
    account: Account, catalogue: Catalogue, use: np.ndarray, calls: np.ndarray, noise: np.random.Generator
) -> np.ndarray:
    """A bit set a day. Who uses the product more knows more of it; a feature known is used every other day."""
    bits = np.array(catalogue.bits[account.tier_at(account.signed_up)], dtype=np.int64)
    order = noise.permutation(bits)
    known = np.ceil(len(bits) * np.clip(0.25 + 0.55 * use, 0, 1)) * (calls > 0)
    used = (np.arange(len(bits)) < known[:, None]) & (noise.random((len(use), len(bits))) < 0.5)
    return (used * (np.int64(1) << order)).sum(axis=1)
