"""Scores as they are stored, explained and made again."""

import random
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agentfactory_cs.customers import services as customers
from agentfactory_cs.customers.models import Churn, Customer
from agentfactory_cs.customers.tests.factories import NOW, YESTERDAY, make_customer, make_goal, make_usage
from health import queries, services
from health.benchmarks.baseline import score_by_one_statement
from health.benchmarks.dataset import DAY, grow
from health.models import HealthScore, Scorecard, ScorecardVersion
from health.overrides import set_override
from health.readings import Selection
from health.scoring import Cards, NoScorecard, score_and_store
from health.standard import STANDARD

pytestmark = pytest.mark.django_db


def make_scored_customer(day_offset: int = 0) -> Customer:
    customer = make_customer()
    make_usage(customer, days=60, api_calls=75, active_agents=3, conversations=2, logins=1, features=7)
    customers.record_reading(make_goal(customer), value=40, on=YESTERDAY, now=NOW)
    return customer


class TestOneCustomer:
    def test_the_public_functions_agree_with_each_other(self) -> None:
        customer = make_scored_customer()

        total = services.calculate_health_score(customer.pk, now=NOW)

        usage = services.calculate_usage_score(customer.pk, now=NOW)
        engagement = services.calculate_engagement_score(customer.pk, now=NOW)
        outcomes = services.calculate_outcomes_score(customer.pk, now=NOW)
        assert services.calculate_relationship_score(customer.pk, now=NOW) is None
        assert usage is not None
        assert engagement is not None
        assert outcomes is not None
        assert total == pytest.approx((0.4 * usage + 0.3 * engagement + 0.2 * outcomes) / 0.9, rel=1e-6)

    def test_by_default_the_last_complete_day_is_scored(self) -> None:
        customer = make_scored_customer()

        row = services.score_customer(customer.pk, now=NOW)

        assert row.day == YESTERDAY

    def test_a_customer_not_yet_signed_up_has_no_score_and_is_told_why(self) -> None:
        customer = make_customer(signed_up_at=NOW)

        with pytest.raises(services.NotScorable, match="signed up on 2026-07-01, after 2026-06-30"):
            services.calculate_health_score(customer.pk, now=NOW)

    def test_a_churned_customer_has_no_score_and_is_told_why(self) -> None:
        customer = make_customer()
        customers.record_churn(Churn(customer=customer, churned_on=YESTERDAY), now=NOW)

        with pytest.raises(services.NotScorable, match="had churned"):
            services.calculate_usage_score(customer.pk, now=NOW)

    def test_an_unknown_customer_is_not_found(self) -> None:
        with pytest.raises(Customer.DoesNotExist):
            services.calculate_health_score(404, now=NOW)

    def test_recording_a_departure_afterwards_takes_the_scores_since_away(self) -> None:
        customer, days = make_scored_customer(), [YESTERDAY - timedelta(days=back) for back in (3, 2, 1, 0)]
        for day in days:
            services.calculate_health_score(customer.pk, as_of=day, now=NOW)
        customers.record_churn(Churn(customer=customer, churned_on=days[1], reactivated_on=days[3]), now=NOW)

        score_and_store(Selection(ids=(customer.pk,)), YESTERDAY)

        assert list(HealthScore.objects.filter(customer=customer).values_list("day", flat=True)) == [days[0], days[3]]

    def test_asking_for_a_component_of_one_who_left_removes_nothing(self) -> None:
        customer = make_scored_customer()
        services.calculate_health_score(customer.pk, now=NOW)
        customers.record_churn(Churn(customer=customer, churned_on=YESTERDAY), now=NOW)

        with pytest.raises(services.NotScorable):
            services.calculate_usage_score(customer.pk, now=NOW)

        assert HealthScore.objects.filter(customer=customer).exists()

    def test_asking_for_the_score_of_one_who_left_takes_it_away_too(self) -> None:
        customer = make_scored_customer()
        services.calculate_health_score(customer.pk, now=NOW)
        customers.record_churn(Churn(customer=customer, churned_on=YESTERDAY), now=NOW)

        with pytest.raises(services.NotScorable):
            services.calculate_health_score(customer.pk, now=NOW)

        assert not HealthScore.objects.filter(customer=customer).exists()


class TestStoredRows:
    def test_one_alone_and_all_together_give_the_same_rows(self) -> None:
        made = [make_scored_customer() for _ in range(3)]
        score_and_store(Selection(made[0].pk, made[-1].pk), YESTERDAY)
        together = list(HealthScore.objects.order_by("customer_id").values())
        HealthScore.objects.all().delete()

        for customer in made:
            services.calculate_health_score(customer.pk, now=NOW)

        assert list(HealthScore.objects.order_by("customer_id").values()) == together

    def test_scoring_again_writes_nothing_unless_something_changed(self) -> None:
        made = [make_scored_customer() for _ in range(3)]
        selection = Selection(made[0].pk, made[-1].pk)
        score_and_store(selection, YESTERDAY)
        versions = _row_versions()

        score_and_store(selection, YESTERDAY)
        assert _row_versions() == versions

        customers.estimate_renewal(made[1], likelihood=10, on=YESTERDAY, now=NOW)
        score_and_store(selection, YESTERDAY)
        changed = {key for key, version in _row_versions().items() if versions[key] != version}
        assert changed == {made[1].pk}

    def test_every_stored_total_is_explained_exactly(self) -> None:
        grow(1, 300)
        score_and_store(Selection(1, 300), DAY)

        for row in HealthScore.objects.all():
            explanation = queries.explain(row.customer_id, DAY)
            assert explanation is not None
            total = sum(metric.contribution for metric in explanation.metrics)
            assert explanation.total == pytest.approx(total, abs=1e-9)
            assert row.total == pytest.approx(total, rel=1e-6)
            assert sum(metric.weight for metric in explanation.metrics) == pytest.approx(1)
            for component in explanation.components:
                stored = getattr(row, component.key)
                assert stored == (None if component.score is None else pytest.approx(component.score, rel=1e-6))

    def test_it_agrees_with_the_hand_written_statement(self) -> None:
        grow(1, 300)
        version = ScorecardVersion.objects.published().get()
        score_by_one_statement(DAY, version.pk)
        expected = {row.customer_id: row for row in HealthScore.objects.all()}
        HealthScore.objects.all().delete()

        score_and_store(Selection(1, 300), DAY)

        found = {row.customer_id: row for row in HealthScore.objects.all()}
        assert found.keys() == expected.keys()
        for customer_id, row in found.items():
            other = expected[customer_id]
            for mine, theirs in zip(row.readings, other.readings, strict=True):
                assert mine == (None if theirs is None else pytest.approx(theirs, rel=1e-5))
            assert row.total == pytest.approx(other.total, rel=1e-4)
            assert row.coverage == pytest.approx(other.coverage, rel=1e-5)


class TestExplaining:
    def test_the_changes_of_the_metrics_sum_to_the_change_of_the_total(self) -> None:
        customer = make_scored_customer()
        for days in (7, 0):
            services.calculate_health_score(customer.pk, as_of=YESTERDAY - timedelta(days=days), now=NOW)
        customers.estimate_renewal(customer, likelihood=20, on=YESTERDAY, now=NOW)
        services.calculate_health_score(customer.pk, now=NOW)

        explanation = queries.explain(customer.pk)

        assert explanation is not None
        assert explanation.compared_with == YESTERDAY - timedelta(days=7)
        assert explanation.change is not None
        changes = [metric.change for metric in explanation.metrics]
        assert sum(change for change in changes if change) == pytest.approx(explanation.change, abs=1e-9)

    def test_the_largest_cause_of_a_fall_is_said_first_in_words(self) -> None:
        customer = make_customer(tier="pro")
        make_usage(customer, until=YESTERDAY - timedelta(days=7), days=28, conversations=100, api_calls=1500)
        for days in (7, 0):
            services.calculate_health_score(customer.pk, as_of=YESTERDAY - timedelta(days=days), now=NOW)

        explanation = queries.explain(customer.pk)

        assert explanation is not None
        assert explanation.sentences[0] == "−12.5: API calls per day fell from 1,500 to 1,125"
        assert all("rose" not in sentence for sentence in explanation.sentences)

    def test_without_an_earlier_score_it_says_what_holds_it_down(self) -> None:
        customer = make_customer()
        make_usage(customer, api_calls=15, logins=1)
        services.calculate_health_score(customer.pk, now=NOW)

        explanation = queries.explain(customer.pk)

        assert explanation is not None
        assert explanation.change is None
        assert explanation.sentences == ["API calls per day at 15 against a target of 150: 10 of 100 points"]

    def test_many_are_explained_in_a_fixed_number_of_queries(self) -> None:
        made = [make_scored_customer().pk for _ in range(5)]
        score_and_store(Selection(made[0], made[-1]), YESTERDAY)

        with CaptureQueriesContext(connection) as statements:
            explained = queries.explain_many(made, YESTERDAY)

        assert len(statements) == 3
        assert list(explained) == made
        for pk, one_of_many in explained.items():
            alone = queries.explain(pk, YESTERDAY)
            assert alone is not None
            assert (one_of_many.total, one_of_many.sentences) == (alone.total, alone.sentences)

    def test_one_is_explained_in_four_queries_whatever_there_is_to_say(self) -> None:
        plain, eventful = make_scored_customer(), make_scored_customer()
        for customer in (plain, eventful):
            for day in (YESTERDAY, YESTERDAY - timedelta(days=7)):
                services.calculate_health_score(customer.pk, as_of=day, now=NOW)
        until = NOW.date() + timedelta(days=9)
        set_override(eventful, value=10, reason="Their champion left.", expires_on=until, now=NOW)

        counted = []
        for customer in (plain, eventful):
            with CaptureQueriesContext(connection) as statements:
                queries.explain(customer.pk)
            counted.append(len(statements))

        assert counted == [4, 4]


class TestScorecards:
    def test_a_score_names_the_version_it_was_made_with(self) -> None:
        customer = make_scored_customer()
        first = services.score_customer(customer.pk, now=NOW).version
        card = Scorecard.objects.get()
        stricter = {**STANDARD, "bands": {"at_risk_below": 60, "healthy_above": 80}}
        second = services.publish_scorecard(card, definition=stricter, reason="Stricter.", now=NOW)

        row = services.score_customer(customer.pk, now=NOW)

        assert (row.version_id, first.number, second.number) == (second.pk, 1, 2)

    def test_a_scorecard_for_the_tier_with_higher_priority_wins(self) -> None:
        definition = {**STANDARD, "components": {"usage": 1, "engagement": 0, "outcomes": 0, "relationship": 0}}
        own = Scorecard.objects.create(name="Pro only", tier="pro", priority=10)
        version = services.publish_scorecard(own, definition=definition, reason="Pro differs.", now=NOW)

        cards = Cards.in_force()

        assert cards.version_ids["pro"] == version.pk
        assert cards.version_ids["starter"] != version.pk

    def test_without_a_published_scorecard_it_says_what_to_do(self) -> None:
        ScorecardVersion.objects.all().delete()

        with pytest.raises(NoScorecard, match="publish one"):
            Cards.in_force()


def _row_versions() -> dict[int, str]:
    """PostgreSQL's own mark of which transaction wrote each row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT customer_id, ctid::text FROM health_healthscore")
        return dict(cursor.fetchall())


def test_random_facts_never_break_the_scale() -> None:
    random_figures = random.Random(7)
    customer = make_customer(tier="enterprise")
    make_usage(customer, days=40, api_calls=random_figures.randrange(2**31), conversations=2**31 - 1, logins=2**31 - 1)

    total = services.calculate_health_score(customer.pk, now=NOW)

    assert total is not None
    assert 0 <= total <= 100
