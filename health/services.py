"""Scoring customers, and publishing what they are scored by."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.utils import timezone

from agentfactory_cs.customers.days import utc_day
from agentfactory_cs.customers.models import Customer

from .metrics import COMPONENTS
from .models import HealthScore
from .readings import Selection, connected_sources
from .scorecards import publish_scorecard as publish_scorecard
from .scoring import Cards, compute, score_and_store


class NotScorable(ValueError):
    """The customer has no score on that day; the message says why."""


def last_complete_day(now: datetime) -> date:
    """The newest day that can be scored fairly: yesterday (UTC), for today's use is not all in."""
    return utc_day(now) - timedelta(days=1)


def calculate_health_score(customer_id: int, *, as_of: date | None = None, now: datetime | None = None) -> float | None:
    """Score one customer as the daily run does, store the row, and return the total, 0 to 100.

    `as_of` is the scored day, the last complete one unless given. None where no metric had data. Raises
    Customer.DoesNotExist, and NotScorable where the customer was not yet or no longer one on that day.
    """
    return score_customer(customer_id, as_of=as_of, now=now).total


def calculate_usage_score(customer_id: int, *, as_of: date | None = None, now: datetime | None = None) -> float | None:
    """The usage component, 0 to 100, of the same computation; stores nothing. None without data."""
    return _component("usage", customer_id, as_of, now)


def calculate_engagement_score(
    customer_id: int, *, as_of: date | None = None, now: datetime | None = None
) -> float | None:
    """The engagement component, 0 to 100, of the same computation; stores nothing. None without data."""
    return _component("engagement", customer_id, as_of, now)


def calculate_outcomes_score(
    customer_id: int, *, as_of: date | None = None, now: datetime | None = None
) -> float | None:
    """The outcomes component, 0 to 100, of the same computation; stores nothing. None without data."""
    return _component("outcomes", customer_id, as_of, now)


def calculate_relationship_score(
    customer_id: int, *, as_of: date | None = None, now: datetime | None = None
) -> float | None:
    """The relationship component, 0 to 100, of the same computation; stores nothing. None without data."""
    return _component("relationship", customer_id, as_of, now)


def score_customer(customer_id: int, *, as_of: date | None = None, now: datetime | None = None) -> HealthScore:
    """As `calculate_health_score`, returning the stored row."""
    day = as_of or last_complete_day(now or timezone.now())
    if reason := _why_not(customer_id, day):
        # What was scored before its departure was known goes, though the caller is told that there is no score.
        score_and_store(Selection(ids=(customer_id,)), day, connected=frozenset())
        raise reason
    score_and_store(Selection(ids=(customer_id,)), day)
    return HealthScore.objects.get(customer_id=customer_id, day=day)


def score_customers(customer_ids: Sequence[int], *, as_of: date) -> int:
    """Score several customers for a day and store their rows; returns how many had a score on it."""
    return score_and_store(Selection(ids=tuple(customer_ids)), as_of)


def _component(name: str, customer_id: int, as_of: date | None, now: datetime | None) -> float | None:
    day = as_of or last_complete_day(now or timezone.now())
    if reason := _why_not(customer_id, day):
        raise reason
    scored = compute(Selection(ids=(customer_id,)), day, connected=connected_sources(day), cards=Cards.in_force())
    value = float(scored.scores.components[0, COMPONENTS.index(name)])
    return None if value != value else value


def _why_not(customer_id: int, day: date) -> NotScorable | None:
    """Asked before any fact is read: for a source that is not connected, that may mean a long look."""
    if Customer.objects.scorable_on(day).filter(pk=customer_id).exists():
        return None
    customer = Customer.objects.get(pk=customer_id)
    signup = utc_day(customer.signed_up_at)
    if signup > day:
        return NotScorable(f"{customer} signed up on {signup}, after {day}: its first score is for {signup}.")
    return NotScorable(f"{customer} had churned on {day}; a churned customer has no score.")
