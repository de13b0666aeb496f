"""What each metric reads from the facts, as of a day."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agentfactory_cs.customers import services
from agentfactory_cs.customers.days import end_of_day
from agentfactory_cs.customers.models import (
    Churn,
    Customer,
    Feature,
    Interaction,
    OutcomeReport,
    Training,
)
from agentfactory_cs.customers.tests.factories import NOW, YESTERDAY, make_customer, make_goal, make_usage
from agentfactory_cs.messaging.models import Response, Survey
from agentfactory_cs.messaging.services import record_response
from health.metrics import KEYS, PLACE, TIERS
from health.readings import Selection, connected_sources, read
from support.tests.desks import make_ticket

pytestmark = pytest.mark.django_db


def reading(customer: Customer, key: str, day: date = YESTERDAY) -> float | None:
    """The reading of one metric, or None where it is missing."""
    found = read(Selection(ids=(customer.pk,)), day, connected_sources(day))
    value = float(found.values[0, PLACE[key]])
    return None if value != value else round(value, 6)


def days_before(days: int) -> date:
    return YESTERDAY - timedelta(days=days)


def answer(customer: Customer, kind: str, score: int, days_ago: int) -> None:
    survey = Survey.objects.get(kind=kind)
    response = Response(survey=survey, customer=customer, score=score, answered_at=NOW - timedelta(days=1 + days_ago))
    record_response(response, now=NOW)


class TestUsage:
    def test_means_are_over_calendar_days_not_over_rows(self) -> None:
        customer = make_customer()
        make_usage(customer, days=7, api_calls=280, active_agents=4, conversations=8, logins=1)

        assert reading(customer, "api_calls_per_day") == 70
        assert reading(customer, "active_agents") == 1
        assert reading(customer, "conversations_per_week") == 14
        assert reading(customer, "login_frequency") == 0.25

    def test_the_window_is_the_28_days_that_end_with_the_day(self) -> None:
        customer = make_customer()
        make_usage(customer, until=days_before(27), days=1, api_calls=28)
        make_usage(customer, until=days_before(28), days=1, api_calls=2_800)
        make_usage(customer, until=YESTERDAY + timedelta(days=1), days=1, api_calls=28_000)

        assert reading(customer, "api_calls_per_day") == 1

    def test_the_window_reaches_back_at_most_to_the_signup(self) -> None:
        customer = make_customer(signed_up_at=NOW - timedelta(days=10))
        make_usage(customer, days=28, api_calls=100, conversations=2, logins=1)

        assert reading(customer, "api_calls_per_day") == 100
        assert reading(customer, "conversations_per_week") == 14
        assert reading(customer, "login_frequency") == 1

    @pytest.mark.parametrize(("days_old", "known"), [(6, False), (7, True)])
    def test_until_a_week_old_usage_and_logins_are_missing(self, days_old: int, known: bool) -> None:
        customer = make_customer(signed_up_at=NOW - timedelta(days=days_old + 1))
        make_usage(customer, days=3, api_calls=10, active_agents=1, conversations=1, logins=1, features=1)

        usage = ("api_calls_per_day", "active_agents", "conversations_per_week", "feature_adoption_rate")
        for key in (*usage, "login_frequency"):
            assert (reading(customer, key) is not None) is known

    def test_no_rows_are_zero_as_long_as_others_send_some(self) -> None:
        silent, busy = make_customer(), make_customer()
        make_usage(busy, api_calls=1)

        assert reading(silent, "api_calls_per_day") == 0

    def test_what_nobody_sends_is_missing_for_all(self) -> None:
        customer = make_customer()
        make_usage(customer, api_calls=1)

        assert reading(customer, "api_calls_per_day") == 1
        for key in ("active_agents", "conversations_per_week", "feature_adoption_rate", "login_frequency"):
            assert reading(customer, key) is None

    def test_features_are_counted_once_and_only_those_of_the_tier(self) -> None:
        customer = make_customer(tier="free")
        of_free = list(Feature.objects.filter(tier="free").order_by("bit"))
        of_pro = Feature.objects.filter(tier="pro").first()
        assert of_pro is not None
        make_usage(customer, days=5, features=1 << of_free[0].bit | 1 << of_pro.bit)
        make_usage(customer, until=days_before(5), days=5, features=1 << of_free[0].bit | 1 << of_free[1].bit)

        assert reading(customer, "feature_adoption_rate") == pytest.approx(2 / len(of_free), abs=1e-6)

    def test_a_feature_retired_by_then_is_no_longer_offered(self) -> None:
        customer = make_customer(tier="free")
        of_free = list(Feature.objects.filter(tier="free").order_by("bit"))
        Feature.objects.filter(pk=of_free[1].pk).update(retired_on=YESTERDAY)
        make_usage(customer, features=1 << of_free[0].bit)

        assert reading(customer, "feature_adoption_rate") == pytest.approx(1 / (len(of_free) - 1), abs=1e-6)
        assert reading(customer, "feature_adoption_rate", days_before(1)) == pytest.approx(1 / len(of_free), abs=1e-6)

    def test_community_posts_are_looked_back_on_for_90_days(self) -> None:
        customer = make_customer()
        make_usage(customer, until=days_before(89), days=1, community_posts=3)
        make_usage(customer, until=days_before(90), days=1, community_posts=5)

        assert reading(customer, "community_participation") == 3


class TestOutcomes:
    def test_progress_towards_goals_is_the_mean_of_the_latest_readings(self) -> None:
        customer = make_customer()
        rising, falling = make_goal(customer), make_goal(customer, start_value=10, target_value=2)
        services.record_reading(rising, value=10, on=days_before(20), now=NOW)
        services.record_reading(rising, value=50, on=days_before(2), now=NOW)
        services.record_reading(falling, value=4, on=days_before(2), now=NOW)

        assert reading(customer, "goal_achievement") == pytest.approx((0.5 + 0.75) / 2, abs=1e-6)
        assert reading(customer, "goal_achievement", days_before(10)) == pytest.approx(0.1 / 2, abs=1e-6)

    @pytest.mark.parametrize(("value", "progress"), [(-20, 0), (130, 1)])
    def test_progress_is_clamped(self, value: float, progress: float) -> None:
        customer = make_customer()
        services.record_reading(make_goal(customer), value=value, on=YESTERDAY, now=NOW)

        assert reading(customer, "goal_achievement") == progress

    def test_a_goal_set_later_does_not_count_yet(self) -> None:
        customer = make_customer()
        make_goal(customer, set_on=days_before(5))

        assert reading(customer, "goal_achievement") == 0
        assert reading(customer, "goal_achievement", days_before(6)) is None

    def test_success_metrics_are_the_share_at_or_beyond_target(self) -> None:
        customer = make_customer()
        reached = make_goal(customer, kind="success_metric")
        lower_is_better = make_goal(customer, kind="success_metric", start_value=50, target_value=20)
        missed = make_goal(customer, kind="success_metric")
        for goal, value in ((reached, 100), (lower_is_better, 20), (missed, 99)):
            services.record_reading(goal, value=value, on=YESTERDAY, now=NOW)

        assert reading(customer, "success_metrics") == pytest.approx(2 / 3, abs=1e-6)

    def test_roi_and_value_realization_sum_over_180_days_of_reports(self) -> None:
        customer = make_customer(signed_up_at=NOW - timedelta(days=700))
        for end, value in ((0, 300), (179, 200), (180, 9_000)):
            report = OutcomeReport(
                customer=customer,
                period_start=days_before(end + 29),
                period_end=days_before(end),
                cost=100,
                value_delivered=value,
                value_expected=500,
            )
            services.save_outcome_report(report, now=NOW)

        assert reading(customer, "roi") == 1.5
        assert reading(customer, "value_realization") == 0.5

    def test_amounts_of_several_currencies_are_not_added(self) -> None:
        customer = make_customer()
        for currency, end, cost, value in (("JPY", 40, 100_000, 100_000), ("USD", 5, 1_000, 2_000)):
            report = OutcomeReport(
                customer=customer,
                period_start=days_before(end + 29),
                period_end=days_before(end),
                currency=currency,
                cost=cost,
                value_delivered=value,
            )
            services.save_outcome_report(report, now=NOW)

        assert reading(customer, "roi") == 1.0

    def test_without_cost_there_is_no_return_to_speak_of(self) -> None:
        customer = make_customer()
        report = OutcomeReport(
            customer=customer, period_start=days_before(9), period_end=YESTERDAY, cost=0, value_delivered=9
        )
        services.save_outcome_report(report, now=NOW)

        assert reading(customer, "roi") is None
        assert reading(customer, "value_realization") is None


class TestTickets:
    def test_those_opened_within_28_days_are_counted_whatever_became_of_them(self) -> None:
        customer = make_customer()
        for days_ago in (0, 27, 28):
            make_ticket(customer=customer, created_at=NOW - timedelta(days=1 + days_ago))
        make_ticket(customer=customer, created_at=NOW - timedelta(days=2), status="closed", closed_at=NOW)
        make_ticket(customer=customer, created_at=end_of_day(YESTERDAY))

        assert reading(customer, "support_ticket_volume") == 3

    def test_none_is_zero_once_anybody_ever_filed_one(self) -> None:
        quiet, other = make_customer(), make_customer()
        make_ticket(created_at=NOW - timedelta(days=2))  # a stranger's is nobody's
        assert reading(quiet, "support_ticket_volume") is None

        make_ticket(customer=other, created_at=NOW - timedelta(days=90))

        assert reading(quiet, "support_ticket_volume") == 0
        assert reading(quiet, "support_ticket_volume", days_before(95)) is None


class TestRelationship:
    def test_nps_is_promoters_less_detractors_over_180_days(self) -> None:
        customer = make_customer(signed_up_at=NOW - timedelta(days=700))
        for score, days_ago in ((9, 10), (10, 20), (8, 30), (6, 179), (0, 181)):
            answer(customer, "nps", score, days_ago)

        assert reading(customer, "nps") == 25

    def test_support_satisfaction_is_the_mean_over_90_days(self) -> None:
        customer = make_customer()
        for score, days_ago in ((5, 10), (2, 89), (1, 91)):
            answer(customer, "support_csat", score, days_ago)

        assert reading(customer, "support_satisfaction") == 3.5

    def test_interactions_are_counted_over_60_days(self) -> None:
        customer = make_customer()
        for days_ago in (1, 59, 61):
            held_at = NOW - timedelta(days=1 + days_ago)
            call = Interaction(customer=customer, kind="call", subject=f"{days_ago}", held_at=held_at)
            services.log_interaction(call, now=NOW)

        assert reading(customer, "account_manager_interactions") == 2

    def test_mail_that_the_support_desk_took_in_is_no_interaction_of_a_success_manager(self) -> None:
        customer = make_customer()
        for number, external_id in enumerate(("mail:0a1b", "crm-7", None)):
            held_at = NOW - timedelta(days=1 + number)
            mail = Interaction(
                customer=customer, kind="email", direction="in", subject="Hi", held_at=held_at, external_id=external_id
            )
            services.log_interaction(mail, now=NOW)

        assert reading(customer, "account_manager_interactions") == 2

    def test_no_interaction_is_zero_once_anybody_logs_them(self) -> None:
        silent, other = make_customer(), make_customer()
        assert reading(silent, "account_manager_interactions") is None

        call = Interaction(customer=other, kind="call", subject="Hello", held_at=NOW - timedelta(days=2))
        services.log_interaction(call, now=NOW)

        assert reading(silent, "account_manager_interactions") == 0

    def test_the_renewal_estimate_is_the_latest_not_older_than_90_days(self) -> None:
        customer = make_customer(signed_up_at=NOW - timedelta(days=300))
        services.estimate_renewal(customer, likelihood=80, on=days_before(100), now=NOW)
        assert reading(customer, "renewal_likelihood") is None

        services.estimate_renewal(customer, likelihood=30, on=days_before(20), now=NOW)
        services.estimate_renewal(customer, likelihood=60, on=days_before(5), now=NOW)

        assert reading(customer, "renewal_likelihood") == 60
        assert reading(customer, "renewal_likelihood", days_before(6)) == 30

    def test_training_is_completed_of_assigned_by_then(self) -> None:
        customer = make_customer()
        for number, completed_on in enumerate((days_before(3), days_before(30), None)):
            training = Training(
                customer=customer, course=f"{number}", assigned_on=days_before(40), completed_on=completed_on
            )
            services.save_training(training, now=NOW)

        assert reading(customer, "training_completion") == pytest.approx(2 / 3, abs=1e-6)
        assert reading(customer, "training_completion", days_before(10)) == pytest.approx(1 / 3, abs=1e-6)
        assert reading(customer, "training_completion", days_before(41)) is None


class TestWhoIsScored:
    def test_the_tier_is_that_of_the_day(self) -> None:
        customer = make_customer(tier="free")
        for tier, days_ago in (("starter", 20), ("pro", 10)):
            customer.tier = tier
            services.save_customer(customer, now=NOW - timedelta(days=1 + days_ago))

        tiers = [read(Selection(ids=(customer.pk,)), days_before(days), frozenset()).tiers[0] for days in (21, 20, 9)]

        assert [TIERS[tier] for tier in tiers] == ["free", "starter", "pro"]

    def test_a_churned_customer_has_no_score_until_it_comes_back(self) -> None:
        customer = make_customer()
        services.record_churn(
            Churn(customer=customer, churned_on=days_before(20), reactivated_on=days_before(5)), now=NOW
        )

        found = {
            days: len(read(Selection(ids=(customer.pk,)), days_before(days), frozenset()).customer_ids)
            for days in (21, 20, 6, 5)
        }

        assert found == {21: 1, 20: 0, 6: 0, 5: 1}

    def test_nobody_is_scored_before_the_day_of_the_signup(self) -> None:
        customer = make_customer(signed_up_at=NOW - timedelta(days=3))

        before, on_the_day = (read(Selection(ids=(customer.pk,)), days_before(days), frozenset()) for days in (3, 2))

        assert len(before.customer_ids) == 0
        assert len(on_the_day.customer_ids) == 1

    def test_nothing_dated_later_changes_a_past_day(self) -> None:
        customer = make_customer()
        make_usage(customer, until=days_before(10), days=28, api_calls=50, logins=1)
        goal = make_goal(customer)
        services.record_reading(goal, value=40, on=days_before(12), now=NOW)
        before = read(Selection(ids=(customer.pk,)), days_before(10), connected_sources(days_before(10)))

        make_usage(customer, days=10, api_calls=9_000, logins=1)
        services.record_reading(goal, value=99, on=days_before(9), now=NOW)
        services.estimate_renewal(customer, likelihood=1, on=days_before(9), now=NOW)
        answer(customer, "nps", 0, 9)
        customer.tier = "enterprise"
        services.save_customer(customer, now=NOW - timedelta(days=5))

        after = read(Selection(ids=(customer.pk,)), days_before(10), connected_sources(days_before(10)))
        assert after.values.tobytes() == before.values.tobytes()
        assert after.tiers == before.tiers


def test_the_number_of_statements_does_not_grow_with_the_customers() -> None:
    few = tuple(make_customer().pk for _ in range(2))
    many = (*few, *(make_customer().pk for _ in range(30)))

    counts = []
    for ids in (few, many):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            found = read(Selection(ids=ids), YESTERDAY, connected_sources(YESTERDAY))
        counts.append(len(queries))
        assert found.values.shape == (len(ids), len(KEYS))

    assert counts[0] == counts[1]
