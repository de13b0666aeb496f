"""What a scorecard would make of today's customers, before it is published."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.tests.factories import (
    NOW,
    YESTERDAY,
    make_customer,
    make_subscription,
    make_usage,
)
from health import scorecards, services
from health.metrics import KEYS, TIERS
from health.models import HealthScore, Scorecard, ScorecardVersion
from health.preview import NAMED, Move, preview
from health.readings import Selection
from health.rules import BadDefinition
from health.scoring import score_and_store

from .definitions import changed

pytestmark = pytest.mark.django_db
STRICTER = changed(bands__at_risk_below=60)


def standard() -> Scorecard:
    return Scorecard.objects.get(name="Standard")


def make_scored(likelihood: float | None, *, by_hand: float | None = None, **fields: Any) -> Customer:
    """A customer whose only reading is the renewal likelihood, which is then its score."""
    customer = make_customer(**fields)
    HealthScore.objects.create(
        customer=customer,
        day=YESTERDAY,
        version=ScorecardVersion.objects.published().earliest("pk"),
        total=likelihood,
        effective=likelihood if by_hand is None else by_hand,
        coverage=0 if likelihood is None else 0.6,
        tier=TIERS.index(customer.tier),
        readings=[likelihood if key == "renewal_likelihood" else None for key in KEYS],
    )
    return customer


def test_before_the_first_score_there_is_nothing_to_show() -> None:
    assert preview(standard(), STRICTER) is None


def test_it_counts_who_would_change_band_and_how_the_scores_lie() -> None:
    for likelihood in (30, 55, 58, 60, 90, None):
        make_scored(likelihood)

    shown = preview(standard(), STRICTER)

    assert shown is not None
    assert (shown.day, shown.customers, shown.without_data, shown.elsewhere) == (YESTERDAY, 5, 1, 0)
    assert shown.before.bands == {"at_risk": 1, "steady": 3, "healthy": 1}
    assert shown.after.bands == {"at_risk": 3, "steady": 1, "healthy": 1}
    assert shown.before.tenths == shown.after.tenths == [0, 0, 0, 1, 0, 2, 1, 0, 0, 1]
    assert shown.moves == [Move("steady", "at_risk", 2)]
    assert shown.before.average == shown.after.average == pytest.approx((30 + 55 + 58 + 60 + 90) / 5)


def test_the_definition_in_force_changes_nobody() -> None:
    for likelihood in (0, 49, 50, 80, 81, 100):
        make_scored(likelihood)

    shown = preview(standard(), changed())

    assert shown is not None
    assert (shown.changing, shown.changed, shown.before) == (0, [], shown.after)


def test_it_is_what_scoring_with_it_then_stores() -> None:
    made = [make_customer(tier=tier) for tier in ("free", "starter", "pro", "enterprise")]
    for place, customer in enumerate(made):
        make_usage(customer, api_calls=100 * place, conversations=place, logins=place % 2, active_agents=place)
    make_subscription(made[3], payment_status="unpaid")
    selection = Selection(made[0].pk, made[-1].pk)
    score_and_store(selection, YESTERDAY)
    definition = changed(metrics__api_calls_per_day__best__pro=300, limits=[{"signal": "payment_unpaid", "at_most": 9}])

    shown = preview(standard(), definition)
    scorecards.publish_scorecard(standard(), definition=definition, reason="Try.", now=NOW)
    HealthScore.objects.all().delete()
    score_and_store(selection, YESTERDAY)

    expected = [total for total in HealthScore.objects.values_list("total", flat=True) if total is not None]
    assert shown is not None
    assert 9 in expected
    assert shown.after.average == pytest.approx(sum(expected) / len(expected), rel=1e-6)


def test_a_scorecard_of_a_tier_is_judged_by_the_customers_it_would_score() -> None:
    make_scored(55, tier="pro")
    make_scored(55, tier="starter")
    pro = scorecards.create_scorecard(name="Pro", tier="pro", priority=5, now=NOW)

    shown = preview(pro, STRICTER)

    assert shown is not None
    assert (shown.tiers, shown.customers, shown.elsewhere) == (["pro"], 1, 1)
    assert shown.moves == [Move("steady", "at_risk", 1)]


def test_one_whose_customers_another_takes_would_change_nobody() -> None:
    make_scored(55, tier="pro")
    pro = scorecards.create_scorecard(name="Pro", tier="pro", priority=-1, now=NOW)

    shown = preview(pro, STRICTER)

    assert shown is not None
    assert (shown.tiers, shown.customers, shown.elsewhere, shown.before.average) == ([], 0, 1, None)


def test_what_is_set_by_hand_stays_and_only_its_band_may_move() -> None:
    customer = make_scored(90, by_hand=55)

    by_weight = preview(standard(), changed(metrics__renewal_likelihood__best=1000))
    by_band = preview(standard(), STRICTER)

    assert by_weight is not None
    assert by_band is not None
    assert by_weight.changing == 0
    assert [(row.customer, row.before, row.after, row.band_after) for row in by_band.changed] == [
        (customer, 55, 55, "at_risk")
    ]


def test_those_that_change_band_are_named_by_revenue_the_largest_first() -> None:
    made = [make_scored(55) for _ in range(NAMED + 2)]
    make_subscription(made[5], mrr=10)
    make_subscription(made[3], mrr=900)
    make_subscription(made[4], mrr=5000, starts_on=YESTERDAY - timedelta(days=9), ended_on=YESTERDAY)

    shown = preview(standard(), STRICTER)

    assert shown is not None
    assert (shown.changing, len(shown.changed)) == (NAMED + 2, NAMED)
    assert [row.customer for row in shown.changed[:3]] == [made[3], made[5], made[0]]
    assert shown.changed[0].revenue == {"USD": 900}


def test_a_definition_that_cannot_be_used_is_refused() -> None:
    make_scored(55)

    with pytest.raises(BadDefinition, match="bands"):
        preview(standard(), changed(bands__healthy_above=10))


def test_the_number_of_queries_does_not_depend_on_the_number_of_customers() -> None:
    card, counts = standard(), []
    for _ in range(2):
        for _more in range(8):
            make_scored(55)
        with CaptureQueriesContext(connection) as queries:
            preview(card, STRICTER)
        counts.append(len(queries))

    assert counts == [8, 8]


def test_scores_on_the_border_are_judged_as_they_would_be_stored() -> None:
    customer = make_customer()
    make_usage(customer, api_calls=75, logins=0)
    services.score_customer(customer.pk, now=NOW)
    row = HealthScore.objects.get()
    assert row.total is not None

    shown = preview(standard(), changed(bands__at_risk_below=row.total))

    assert shown is not None
    assert shown.after.bands == {"at_risk": 0, "steady": 1, "healthy": 0}
