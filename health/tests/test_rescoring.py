"""Scoring the past anew with a version of one's choice."""

from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command

from agentfactory_cs.customers import services as customers
from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.tests.factories import (
    NOW,
    YESTERDAY,
    make_customer,
    make_goal,
    make_subscription,
    make_usage,
)
from health import scorecards
from health.benchmarks.dataset import DAY, grow
from health.models import HealthScore, Scorecard, ScorecardVersion
from health.readings import Selection, connected_sources, read
from health.rescoring import DraftNotStored, UnknownVersion, find_version, replay
from health.scoring import score_and_store

from .definitions import changed

pytestmark = pytest.mark.django_db
STRICTER = changed(bands__at_risk_below=60, metrics__api_calls_per_day__best__starter=100)
BEFORE = YESTERDAY - timedelta(days=1)


@pytest.fixture
def first() -> ScorecardVersion:
    return ScorecardVersion.objects.published().get()


@pytest.fixture
def second() -> ScorecardVersion:
    card = Scorecard.objects.get(name="Standard")
    return scorecards.publish_scorecard(card, definition=STRICTER, reason="Stricter.", now=NOW)


def make_scored_customer(**fields: Any) -> Customer:
    customer = make_customer(**fields)
    make_usage(customer, days=60, api_calls=75, active_agents=2, conversations=20, logins=1)
    customers.record_reading(make_goal(customer), value=40, on=YESTERDAY, now=NOW)
    return customer


def _rows(**fields: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in HealthScore.objects.filter(**fields).order_by("day", "customer_id").values()]


class TestReplay:
    def test_it_compares_with_what_is_stored_and_leaves_that_alone(self, second: ScorecardVersion) -> None:
        customer = make_scored_customer()
        first = find_version("Standard v1")
        replay(YESTERDAY, first, store_scores=True)
        stored = _rows()

        found = replay(YESTERDAY, second)

        assert (found.scored, found.compared) == (1, 1)
        assert found.average_stored == pytest.approx(stored[0]["total"])
        assert found.average is not None
        assert found.average > stored[0]["total"]
        assert _rows() == stored
        assert stored[0]["customer_id"] == customer.pk

    def test_stored_it_is_what_the_nightly_run_with_that_version_makes(self, first: ScorecardVersion) -> None:
        grow(1, 200)
        score_and_store(Selection(1, 200), DAY)
        nightly = _rows()
        HealthScore.objects.all().delete()
        card = Scorecard.objects.get(name="Standard")
        scorecards.publish_scorecard(card, definition=STRICTER, reason="Stricter.", now=NOW)

        replay(DAY, first, store_scores=True)

        assert _rows() == nightly

    def test_the_same_version_over_the_same_data_makes_the_same_rows_whatever_was_published_since(
        self, first: ScorecardVersion
    ) -> None:
        made = [make_scored_customer(tier=tier) for tier in ("starter", "pro")]
        replay(YESTERDAY, first, store_scores=True)
        before = _rows()
        pro = scorecards.create_scorecard(name="Pro", tier="pro", now=NOW)
        scorecards.publish_scorecard(pro, definition=STRICTER, reason="Pro.", now=NOW)
        HealthScore.objects.all().delete()

        replay(YESTERDAY, find_version("Standard v1"), store_scores=True)

        assert _rows() == before
        assert len(before) == len(made)

    def test_what_is_written_after_the_day_changes_nothing(self, first: ScorecardVersion) -> None:
        customer = make_scored_customer()
        replay(BEFORE, first, store_scores=True)
        before = _rows()

        make_usage(customer, until=YESTERDAY + timedelta(days=1), days=1, api_calls=9_999)
        customers.estimate_renewal(customer, likelihood=1, on=YESTERDAY, now=NOW)
        replay(BEFORE, first, store_scores=True)

        assert _rows() == before

    def test_only_those_whom_the_version_scores_are_touched(self, first: ScorecardVersion) -> None:
        starter, pro = make_scored_customer(), make_scored_customer(tier="pro")
        replay(YESTERDAY, first, store_scores=True)
        own = scorecards.create_scorecard(name="Pro", tier="pro", priority=5, now=NOW)
        version = scorecards.publish_scorecard(own, definition=STRICTER, reason="Pro.", now=NOW)
        untouched = _rows(customer=starter)

        found = replay(YESTERDAY, version, store_scores=True)

        assert found.scored == 1
        assert _rows(customer=starter) == untouched
        assert HealthScore.objects.get(customer=pro).version == version

    def test_a_band_moves_by_either_versions_own_borders(
        self, first: ScorecardVersion, second: ScorecardVersion
    ) -> None:
        customer = make_customer()
        customers.estimate_renewal(customer, likelihood=55, on=YESTERDAY, now=NOW)
        replay(YESTERDAY, first, store_scores=True)

        assert replay(YESTERDAY, second).changed_band == 1
        assert replay(YESTERDAY, first).changed_band == 0

    def test_a_draft_is_compared_but_never_stored(self) -> None:
        make_scored_customer()
        draft = scorecards.start_draft(Scorecard.objects.get(), definition=STRICTER, now=NOW)

        assert replay(YESTERDAY, draft).scored == 1
        with pytest.raises(DraftNotStored, match="is a draft"):
            replay(YESTERDAY, draft, store_scores=True)
        assert not HealthScore.objects.exists()

    def test_without_customers_there_is_nothing(self, first: ScorecardVersion) -> None:
        found = replay(YESTERDAY, first)

        assert (found.scored, found.average, found.average_stored) == (0, None, None)


class TestNames:
    def test_a_version_goes_by_its_name_or_its_id(self, first: ScorecardVersion, second: ScorecardVersion) -> None:
        draft = scorecards.start_draft(second.scorecard, now=NOW)

        assert find_version("Standard v1") == first
        assert find_version("Standard v2") == second
        assert find_version(str(draft.pk)) == draft

    @pytest.mark.parametrize("name", ["Standard", "Standard v9", "v1", "99999", "Gold v1"])
    def test_an_unknown_one_is_refused_with_those_there_are(self, first: ScorecardVersion, name: str) -> None:
        with pytest.raises(UnknownVersion, match='Published: "Standard v1"'):
            find_version(name)


class TestCommand:
    @pytest.fixture(autouse=True)
    def at_now(self) -> Iterator[None]:
        with time_machine.travel(NOW, tick=False):
            yield

    def _run(self, *arguments: str) -> str:
        out = StringIO()
        call_command("score_customers", *arguments, stdout=out)
        return out.getvalue()

    def test_it_reports_day_by_day_and_stores_nothing(self, second: ScorecardVersion) -> None:
        make_scored_customer()

        said = self._run("--scorecard", "Standard v2", "--from", f"{BEFORE}", "--to", f"{YESTERDAY}")

        assert f"{BEFORE}  1 scored, average " in said
        assert f"{YESTERDAY}  1 scored, average " in said
        assert "(stored –), 0 of 0 in another band" in said
        assert "nothing was stored" in said
        assert not HealthScore.objects.exists()

    def test_asked_to_it_stores(self, second: ScorecardVersion) -> None:
        make_scored_customer()

        said = self._run("--scorecard", "Standard v1", "--as-of", f"{YESTERDAY}", "--store")

        assert "stored in the place of what was there" in said
        assert str(HealthScore.objects.get().version) == "Standard v1"

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (("--store",), "--store goes with --scorecard"),
            (("--scorecard", "Gold v1"), "no scorecard version 'Gold v1'"),
        ],
    )
    def test_what_cannot_be_meant_is_refused(self, arguments: tuple[str, ...], says: str) -> None:
        with pytest.raises(CommandError, match=says):
            self._run(*arguments)


class TestSignals:
    """Which payments were late at the end of a day."""

    def _signals(self, customer: Customer, day: Any) -> int:
        found = read(Selection(ids=(customer.pk,)), day, connected_sources(day))
        return int(found.signals[0])

    @pytest.mark.parametrize(("status", "bits"), [("current", 0), ("past_due", 1), ("unpaid", 2)])
    def test_a_status_is_a_signal(self, status: str, bits: int) -> None:
        customer = make_customer()
        make_subscription(customer, payment_status=status)

        assert self._signals(customer, YESTERDAY) == bits

    def test_those_of_several_contracts_come_together(self) -> None:
        customer = make_customer()
        make_subscription(customer, payment_status="unpaid")
        make_subscription(customer, payment_status="past_due")

        assert self._signals(customer, YESTERDAY) == 3

    def test_a_later_change_does_not_leak_into_an_earlier_day(self) -> None:
        customer = make_customer()
        contract = make_subscription(customer, payment_status="unpaid")
        contract.payment_status = "current"
        customers.save_subscription(contract, now=NOW)
        contract.payment_status = "past_due"
        customers.save_subscription(contract, now=NOW + timedelta(days=2))

        found = [self._signals(customer, YESTERDAY + timedelta(days=days)) for days in (0, 1, 2, 3)]

        assert found == [2, 0, 0, 1]

    @pytest.mark.parametrize("span", [{"starts_on": YESTERDAY + timedelta(days=1)}, {"ended_on": YESTERDAY}])
    def test_a_contract_that_does_not_run_on_the_day_gives_none(self, span: dict[str, Any]) -> None:
        customer = make_customer()
        make_subscription(customer, payment_status="unpaid", **span)

        assert self._signals(customer, YESTERDAY) == 0

    def test_a_limit_holds_on_the_day_of_the_signal_alone(self) -> None:
        customer = make_customer()
        contract = make_subscription(customer, payment_status="unpaid")
        customers.estimate_renewal(customer, likelihood=90, on=BEFORE, now=NOW)
        limited = changed(limits=[{"signal": "payment_unpaid", "at_most": 60}])
        card = Scorecard.objects.get(name="Standard")
        version = scorecards.publish_scorecard(card, definition=limited, reason="Money first.", now=NOW)
        contract.payment_status = "current"
        customers.save_subscription(contract, now=NOW)

        for day in (YESTERDAY, NOW.date()):
            replay(day, version, store_scores=True)

        assert [row["total"] for row in _rows()] == [60, 90]
