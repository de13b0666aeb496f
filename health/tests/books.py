"""Small books of customers for the tests of backtests."""

import random
from datetime import date, timedelta
from typing import Any

from agentfactory_cs.customers import services
from agentfactory_cs.customers.models import Churn, Customer, UsageDay
from agentfactory_cs.customers.tests.factories import NOW, YESTERDAY, make_customer
from health.models import Scorecard, ScorecardVersion
from health.scorecards import start_draft

# With usage from here on, three month ends have a full window behind and 60 known days before them.
FIRST_DAY = date(2026, 2, 1)
MONTH_ENDS = [date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)]


def make_book(leavers: int, stayers: int, *, turning_away: bool = True) -> list[Customer]:
    """Customers with five months of use, the leavers first.

    These leave one after another from March to June; turning away they use a tenth from 50 days before. Otherwise
    nothing tells them from those who stay; how often anybody logs in never does.
    """
    rng = random.Random(3)
    customers = [
        make_customer(signed_up_at=NOW - timedelta(days=rng.randint(300, 900))) for _ in range(leavers + stayers)
    ]
    for place, customer in enumerate(customers):
        gone = date(2026, 3, 10) + timedelta(days=100 * place // max(leavers, 1)) if place < leavers else None
        _use(customer, rng, gone, turning_away)
        if gone:
            services.record_churn(Churn(customer=customer, churned_on=gone), now=NOW)
    return customers


def _use(customer: Customer, rng: random.Random, gone: date | None, turning_away: bool) -> None:
    much, present, rows = rng.uniform(0.4, 1.0), rng.uniform(0, 0.6), []
    for back in range((YESTERDAY - FIRST_DAY).days + 1):
        day = YESTERDAY - timedelta(days=back)
        if gone and day >= gone:
            continue
        share = 0.1 if gone and turning_away and day >= gone - timedelta(days=50) else 1.0
        api, talks = round(150 * much * share), round(8 * much * share)
        rows.append(
            UsageDay(customer=customer, day=day, api_calls=api, conversations=talks, logins=rng.random() < present)
        )
    UsageDay.objects.bulk_create(rows)


def make_draft(definition: dict[str, Any]) -> ScorecardVersion:
    return start_draft(Scorecard.objects.get(name="Standard"), title="Tried", definition=definition, now=NOW)
