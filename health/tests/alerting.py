"""Scores written as a test wants them, and days judged."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.tests.factories import NOW, YESTERDAY, make_customer
from health.alerting import Judgement, judge
from health.metrics import KEYS
from health.models import Alert, HealthOverride, HealthScore, ScorecardVersion, ScoringRun

PROVISIONAL = 0.3


def readings_of(total: float | None) -> list[float | None]:
    """Readings of which one alone has data, worth `total` points: login frequency is best at 0.5."""
    return [total / 200 if key == "login_frequency" and total is not None else None for key in KEYS]


def write_scores(
    customer: Customer,
    totals: Sequence[float | None],
    until: date = YESTERDAY,
    *,
    coverage: float = 0.9,
    effective: float | None = None,
    version: ScorecardVersion | None = None,
) -> None:
    """One score a day, the last on `until`; with `effective` something else counts than what was computed."""
    version = version or ScorecardVersion.objects.published().order_by("pk")[0]
    HealthScore.objects.bulk_create(
        HealthScore(
            customer=customer,
            day=until - timedelta(days=len(totals) - 1 - place),
            version=version,
            total=total,
            effective=total if effective is None else effective,
            coverage=0 if total is None else coverage,
            tier=1,
            readings=readings_of(total),
        )
        for place, total in enumerate(totals)
    )


def scored(totals: Sequence[float | None], until: date = YESTERDAY, **fields: Any) -> Customer:
    """A customer with these scores."""
    customer = make_customer(**fields)
    write_scores(customer, totals, until)
    return customer


def override(customer: Customer, value: float, first_day: date, end_day: date) -> None:
    """An override that the days of the scores written already know of."""
    HealthOverride.objects.create(
        customer=customer,
        value=value,
        reason="They told me",
        first_day=first_day,
        end_day=end_day,
        expires_on=end_day,
        created_at=NOW,
        created_by_label="Mia",
    )
    HealthScore.objects.filter(customer=customer, day__gte=first_day, day__lt=end_day).update(effective=value)


def done_run(day: date = YESTERDAY) -> ScoringRun:
    return ScoringRun.objects.create(
        day=day, state=ScoringRun.State.DONE, created_at=NOW, started_at=NOW, finished_at=NOW
    )


def judge_day(day: date = YESTERDAY, now: datetime = NOW) -> Judgement:
    """A run of the day that is done, judged."""
    judgement = judge(done_run(day), now=now)
    assert judgement is not None
    return judgement


def live_through(customer: Customer, totals: Sequence[float | None], until: date = YESTERDAY) -> None:
    """Score and judge day by day, the last on `until`."""
    for place, total in enumerate(totals):
        day = until - timedelta(days=len(totals) - 1 - place)
        write_scores(customer, [total], day)
        judge_day(day)


def raised(customer: Customer) -> list[str]:
    return sorted(Alert.objects.filter(customer=customer).values_list("kind", flat=True))
