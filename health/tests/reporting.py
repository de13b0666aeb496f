"""A week to report: scores on the Sundays of two weeks, written as the nightly run would leave them."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.tests.factories import make_customer
from health.metrics import KEYS, TIERS
from health.models import HealthScore, ScorecardVersion

WEEK = date(2026, 6, 22)
SUNDAY = date(2026, 6, 28)
SUNDAY_BEFORE = date(2026, 6, 21)
MONDAY_MORNING = datetime.combine(date(2026, 6, 29), time(7), tzinfo=UTC)


def score(
    customer: Customer, day: date, effective: float | None, *, total: float | None = None, coverage: float = 0.9
) -> HealthScore:
    """A stored score; its one reading with data, login frequency (best at a half), is worth the total."""
    computed = effective if total is None else total
    return HealthScore.objects.create(
        customer=customer,
        day=day,
        version=ScorecardVersion.objects.published().get(),
        total=computed,
        effective=effective,
        coverage=0 if computed is None else coverage,
        tier=TIERS.index(customer.tier),
        readings=[computed / 200 if key == "login_frequency" and computed is not None else None for key in KEYS],
    )


def scored(name: str, now: float | None, before: float | None = None, **fields: Any) -> Customer:
    """A customer with a score on the week's Sunday, and on the Sunday before where `before` is given."""
    customer = make_customer(name=name, **fields)
    score(customer, SUNDAY, now)
    if before is not None:
        score(customer, SUNDAY_BEFORE, before)
    return customer


def weeks_back(count: int) -> date:
    return SUNDAY - timedelta(days=7 * count)
