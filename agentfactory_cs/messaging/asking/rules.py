"""Whether somebody may be asked: the rules, over facts that were read before. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Standing:
    """What is known of a survey and of the person it is to be put to.

    `block` is why their address gets no mail of the survey's topic ("" where it does); `open_since` is when they were
    asked what still waits for their answer; `asked_at` and `answered_at` are the last time, whatever it was about.
    """

    survey: str
    again_after_days: int
    is_active: bool = True
    has_template: bool = True
    has_contact: bool = True
    has_left: bool = False
    has_churned: bool = False
    block: str = ""
    open_since: datetime | None = None
    asked_at: datetime | None = None
    answered_at: datetime | None = None


def why_not(standing: Standing, now: datetime) -> str:
    """The reason in a sentence, or "" where they may be asked: what cannot be at all first, then what is too soon."""
    return _never(standing) or _too_soon(standing, now)


def _never(standing: Standing) -> str:
    if not standing.is_active:
        return f"The survey “{standing.survey}” is switched off."
    if not standing.has_template:
        return f"There is no mail template for the survey “{standing.survey}”."
    if standing.has_churned:
        return "The customer has churned."
    if not standing.has_contact:
        return "The customer has no primary contact."
    if standing.has_left:
        return "The contact has left the customer."
    return standing.block


def _too_soon(standing: Standing, now: datetime) -> str:
    if standing.open_since:
        return f"They were asked on {standing.open_since:%Y-%m-%d} and can still answer."
    since = now - timedelta(days=standing.again_after_days)
    most = f"at most once in {standing.again_after_days} days."
    if standing.answered_at and standing.answered_at > since:
        return f"They answered on {standing.answered_at:%Y-%m-%d}; people are asked {most}"
    if standing.asked_at and standing.asked_at > since:
        return f"They were asked on {standing.asked_at:%Y-%m-%d}; people are asked {most}"
    return ""
