"""What a backtest finds, and how it says so."""

import json
import sys
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agentfactory_cs.customers import services
from agentfactory_cs.customers.models import Churn, UsageDay
from agentfactory_cs.customers.tests.factories import NOW, YESTERDAY, make_customer, make_user
from health import backtesting
from health.backtesting import Result
from health.backtesting.candidate import Candidate
from health.backtesting.drafting import draft_of
from health.backtesting.replay import replay
from health.backtesting.report import lines
from health.backtesting.span import Span
from health.backtesting.words import headline, sentences, suggestion_words, telling_metrics
from health.models import HealthScore, Scorecard, ScorecardVersion
from health.rules import Card
from health.services import publish_scorecard
from health.standard import STANDARD

from .books import MONTH_ENDS, make_book, make_draft

pytestmark = pytest.mark.django_db


def clock() -> datetime:
    return NOW


def run(**options: Any) -> Result:
    found = backtesting.work_off(backtesting.start(**options, now=NOW), clock=clock)
    assert found is not None
    return found


@pytest.fixture
def without_sklearn(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "sklearn"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sklearn", None)


class TestWhatItFinds:
    def test_where_leavers_turn_away_before_they_leave_it_says_so_and_by_which_metrics(self) -> None:
        make_book(20, 40)

        result = run()

        assert result.verdict == "signal"
        assert result.churners == 20
        assert result.score.area is not None
        assert result.score.area.low > 0.6
        telling = {one.key for one in telling_metrics(result)}
        assert telling == {"api_calls_per_day", "conversations_per_week"}
        assert headline(result).startswith("The score saw departures coming")
        assert any("API calls per day" in sentence for sentence in sentences(result))

    def test_where_nothing_tells_them_apart_it_says_that_there_is_no_signal(self) -> None:
        make_book(20, 40, turning_away=False)

        result = run()

        assert result.verdict in ("no_signal", "only_age")
        assert result.score.area is not None
        assert result.score.area.low <= 0.5 <= result.score.area.high
        assert "carries no signal here" in headline(result)
        assert not result.suggestion.is_offered

    def test_too_few_departures_are_counted_and_said_to_be_too_few(self) -> None:
        make_book(3, 10)

        result = run()

        said = headline(result)
        assert result.verdict == "too_few"
        assert "3 customers left" in said
        assert "at least 10 are needed" in said

    def test_without_anybody_who_left_it_still_ends_with_a_sentence(self) -> None:
        make_book(0, 5)

        result = run()

        assert (result.verdict, result.churners, result.score.area) == ("too_few", 0, None)
        assert "0 customers left" in headline(result)
        assert list(lines(result))

    def test_when_a_plain_rule_tells_more_it_says_so(self) -> None:
        make_book(20, 40)
        usage_forgotten = {**STANDARD, "components": {"usage": 0, "engagement": 1, "outcomes": 0, "relationship": 0}}

        result = run(version=make_draft(usage_forgotten))

        assert result.verdict == "no_signal"
        assert any(
            sentence.startswith("Even the plainest rule, “how far usage fell”") for sentence in sentences(result)
        )

    def test_age_alone_is_not_taken_for_a_signal(self) -> None:
        """The young leave, and use less because they are young; among those of one age nothing tells."""
        young = [make_customer(signed_up_at=NOW - timedelta(days=130 + place % 4)) for place in range(40)]
        old = [make_customer(signed_up_at=NOW - timedelta(days=600 + place % 4)) for place in range(40)]
        for place, customer in enumerate((*young, *old)):
            calls = (20 if customer in young else 120) + place % 7
            since = date(2026, 2, 25)
            days = [since + timedelta(days=n) for n in range((YESTERDAY - since).days + 1)]
            UsageDay.objects.bulk_create(UsageDay(customer=customer, day=day, api_calls=calls) for day in days)
        for place, customer in enumerate((*young[::2], *old[::10])):
            services.record_churn(
                Churn(customer=customer, churned_on=date(2026, 5, 2) + timedelta(days=place)), now=NOW
            )

        result = run(since=date(2026, 4, 1))

        assert result.verdict == "only_age"
        assert result.score.area is not None
        assert result.score.area.low > 0.5
        assert "beyond the customers' age" in headline(result)

    def test_the_figures_of_months_tenths_and_tiers_count_the_same_looks(self) -> None:
        make_book(12, 20)

        result = run()

        departures = sum(month.left for month in result.months)
        assert [month.day for month in result.months] == [str(day) for day in MONTH_ENDS]
        assert sum(tenth.looks for tenth in result.tenths) == sum(tier.looks for tier in result.tiers) == result.scored
        assert sum(tenth.left for tenth in result.tenths) == departures
        assert {caught.of for caught in result.caught} == {departures}
        assert sum(month.caught for month in result.months) == pytest.approx(result.caught[-1].caught, abs=0.1)
        assert Result.from_json(json.loads(json.dumps(result.to_json()))) == result

    def test_a_scorecard_of_one_tier_is_held_against_the_customers_of_that_tier(self) -> None:
        make_book(2, 3)
        make_customer(tier="pro", signed_up_at=NOW - timedelta(days=500))
        for_pro = Scorecard.objects.create(name="For pro", tier="pro", priority=1)
        version = publish_scorecard(for_pro, definition=STANDARD, reason="Pro.", now=NOW)

        result = run(version=version)

        assert {tier.tier for tier in result.tiers} == {"pro"}
        assert result.looks == 3

    def test_it_stores_no_scores(self) -> None:
        make_book(2, 3)

        run()

        assert not HealthScore.objects.exists()

    def test_the_number_of_statements_does_not_grow_with_the_customers(self) -> None:
        span, counts = Span(MONTH_ENDS[0], MONTH_ENDS[-1], 60), []
        make_book(1, 2)
        for _ in range(2):
            with CaptureQueriesContext(connection) as queries:
                replay(span, Candidate.of(None))
            counts.append(len(queries))
            make_book(2, 20)

        assert counts[0] == counts[1]


class TestSuggestion:
    def test_better_weights_are_offered_where_they_are_clearly_better_and_become_a_draft(self) -> None:
        make_book(30, 50)
        mostly_logins = {"usage": 0.05, "engagement": 0.95, "outcomes": 0, "relationship": 0}
        tried = make_draft({**STANDARD, "components": mostly_logins, "limits": []})
        backtest = backtesting.start(version=tried, now=NOW)
        result = backtesting.work_off(backtest, clock=clock)
        assert result is not None
        before = ScorecardVersion.objects.count()

        draft = draft_of(backtest, by=make_user("mia"), now=NOW)

        suggestion = result.suggestion
        assert suggestion.is_offered
        assert suggestion.gain is not None
        assert suggestion.gain.low > 0
        assert suggestion_words(suggestion).startswith("Other weights would have told more")
        assert draft.definition["components"]["usage"] > 0.5
        assert (draft.state, draft.number, draft.scorecard) == ("draft", None, tried.scorecard)
        assert ScorecardVersion.objects.count() == before + 1
        Card.from_definition(draft.definition)

    def test_weights_that_are_not_better_are_not_offered(self) -> None:
        make_book(20, 40, turning_away=False)
        backtest = backtesting.start(now=NOW)
        result = backtesting.work_off(backtest, clock=clock)
        assert result is not None

        assert result.suggestion.reason == "not_better"
        with pytest.raises(ValidationError, match="no other weights"):
            draft_of(backtest, now=NOW)

    def test_where_several_scorecards_are_in_force_none_is_reweighed(self) -> None:
        make_book(12, 12)
        for_pro = Scorecard.objects.create(name="For pro", tier="pro", priority=5)
        publish_scorecard(for_pro, definition=STANDARD, reason="Pro.", now=NOW)

        assert run().suggestion.reason == "several_scorecards"

    @pytest.mark.usefixtures("without_sklearn")
    def test_without_scikit_learn_everything_else_works_and_it_says_how_to_install_it(self) -> None:
        make_book(20, 40)

        result = run()

        assert result.verdict == "signal"
        assert result.suggestion.reason == "not_installed"
        assert "pip install --require-hashes -r requirements-model.txt" in suggestion_words(result.suggestion)
