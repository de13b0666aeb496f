"""What the demo's customers ask of the desk, and when: by hand for the eight stories, drawn for the fleet."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import yaml

from agentfactory_cs.customers.demo import Telling
from agentfactory_cs.customers.models.customer import CustomerTier

_WORDS = Path(__file__).parent / "words.yaml"
YEAR = 365
# Tickets a year of a customer in a middling mood.
_A_YEAR = {CustomerTier.FREE: 2.0, CustomerTier.STARTER: 6.0, CustomerTier.PRO: 11.0, CustomerTier.ENTERPRISE: 18.0}
_AREAS = ("api", "agents", "agents", "integrations", "billing", "account")
_SEVERITIES = {"low": 4, "normal": 9, "high": 6, "critical": 1}
# What waits for somebody today comes from every so-manieth customer.
_OPEN_NOW = 0.17
# So young a ticket may still be open.
FRESH_DAYS = 4


class Plot(NamedTuple):
    """One ticket to tell. `end` is how it stands today: new, open, pending, or resolved."""

    days_ago: int
    area: str
    severity: str
    end: str
    is_slow: bool = False


# Days ago, area, severity, how it stands, whether it took too long.
STORIES: dict[str, tuple[Plot, ...]] = {
    "thriving": (Plot(96, "account", "low", "resolved"), Plot(41, "integrations", "normal", "resolved")),
    "stalled in onboarding": (Plot(13, "integrations", "normal", "resolved"),),
    "silent decline": (Plot(210, "api", "normal", "resolved"), Plot(120, "billing", "low", "resolved")),
    "angry": (
        Plot(86, "agents", "high", "resolved"),
        Plot(16, "agents", "high", "resolved", is_slow=True),
        Plot(13, "agents", "critical", "resolved", is_slow=True),
        Plot(9, "integrations", "high", "resolved"),
        Plot(6, "agents", "critical", "resolved", is_slow=True),
        Plot(3, "agents", "critical", "open", is_slow=True),
    ),
    "payment trouble": (Plot(76, "api", "normal", "resolved"), Plot(8, "billing", "normal", "pending")),
    "champion left": (Plot(61, "agents", "normal", "resolved"),),
    "renewing": (Plot(150, "account", "low", "resolved"), Plot(36, "billing", "normal", "resolved")),
    "recovered": (
        Plot(88, "agents", "high", "resolved", is_slow=True),
        Plot(82, "integrations", "high", "resolved", is_slow=True),
        Plot(26, "agents", "normal", "resolved"),
    ),
}


def plots(telling: Telling) -> Iterator[Plot]:
    """Oldest first; none from a time in which the customer was not with us."""
    account = telling.account
    told = STORIES[account.story] if account.story else tuple(_drawn(telling))
    return telling.while_here(told)


def _drawn(telling: Telling) -> Iterator[Plot]:
    """More often in a bad mood: the year is drawn month by month."""
    account, rng = telling.account, telling.rng("support_plots")
    monthly = _A_YEAR[account.tier] / 12
    for month in range(12):
        days_ago = month * 30 + rng.randint(1, 30)
        rate = monthly * (1.7 - 1.2 * account.mood.at(days_ago))
        for number in range(int(rate) + (rng.random() < rate % 1)):
            yield _plot(max(1, days_ago - 3 * number), rng)
    if account.pays and rng.random() < _OPEN_NOW:
        yield _plot(rng.randint(1, FRESH_DAYS), rng)._replace(end=rng.choice(("new", "open", "open", "pending")))


def _plot(days_ago: int, rng: Random) -> Plot:
    end = "resolved"
    if days_ago <= FRESH_DAYS:
        end = rng.choice(("new", "open", "open", "pending", "resolved"))
    elif days_ago <= 3 * FRESH_DAYS and rng.random() < 0.3:
        end = rng.choice(("open", "pending"))
    [severity] = rng.choices(list(_SEVERITIES), list(_SEVERITIES.values()))
    return Plot(days_ago, rng.choice(_AREAS), severity, end, is_slow=rng.random() < 0.09)


@cache
def words() -> dict[str, Any]:
    return yaml.safe_load(_WORDS.read_text(encoding="utf-8"))


def words_of(area: str, language: str, rng: Random) -> tuple[str, dict[str, str]]:
    """In the customer's language where the desk has heard it, else in English; which one, and what is said."""
    heard: dict[str, Any] = words()["areas"][area]
    spoken = language if language in heard else "en"
    return spoken, {**rng.choice(heard[spoken]), "more": words()["more"][spoken]}
