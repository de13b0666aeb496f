"""When the weekly reports are made, for whom, and when there is nothing to report."""

from datetime import timedelta

import pytest
from django.db import transaction

from agentfactory_cs.customers import services as customers
from agentfactory_cs.customers.models import Churn, Company, Customer
from agentfactory_cs.customers.tests.factories import make_customer, make_member
from agentfactory_cs.messaging.models import Notice
from health.models import HealthScore, HealthSettings, ScoringRun, WeeklyReport
from health.reports import make_due, make_week
from health.reports.content import read
from health.tests.reporting import MONDAY_MORNING, SUNDAY, SUNDAY_BEFORE, WEEK, score, scored

pytestmark = pytest.mark.django_db


class TestWhenDue:
    @pytest.fixture(autouse=True)
    def a_manager_with_a_customer(self) -> None:
        scored("Northwind", 30, before=60, success_manager=make_member("CSM", "clara", email="clara@example.com"))
        make_member("CS manager", "mia", email="mia@example.com")

    def test_before_its_moment_nothing_is_made(self) -> None:
        assert make_due(now=MONDAY_MORNING - timedelta(minutes=1)) == []
        assert not WeeklyReport.objects.exists()

    def test_at_its_moment_there_is_one_of_the_book_and_one_a_manager(self) -> None:
        reports = make_due(now=MONDAY_MORNING)

        assert [(str(one.owner or "book"), one.week) for one in reports] == [("book", WEEK), ("clara", WEEK)]

    def test_asked_again_nothing_more_is_made_or_sent(self) -> None:
        make_due(now=MONDAY_MORNING)

        again = make_due(now=MONDAY_MORNING + timedelta(minutes=5))
        by_hand = make_week(WEEK, now=MONDAY_MORNING + timedelta(hours=1))

        assert again == by_hand == []
        assert WeeklyReport.objects.count() == Notice.objects.count() == 2

    def test_each_goes_to_its_reader(self) -> None:
        make_due(now=MONDAY_MORNING)

        notices = {notice.address: notice for notice in Notice.objects.all()}
        assert set(notices) == {"clara@example.com", "mia@example.com"}
        assert all(
            notice.kind == "health.report" and notice.not_before == MONDAY_MORNING for notice in notices.values()
        )
        assert "The whole book" in notices["mia@example.com"].html
        assert "The whole book" not in notices["clara@example.com"].text

    def test_nothing_is_sent_to_who_left_or_has_no_address(self) -> None:
        make_member("CS manager", "gone", email="gone@example.com", is_active=False)
        make_member("CS manager", "silent", email="")

        make_due(now=MONDAY_MORNING)

        assert {notice.address for notice in Notice.objects.all()} == {"clara@example.com", "mia@example.com"}

    def test_a_missed_monday_is_made_up_for_on_sunday(self) -> None:
        assert len(make_due(now=MONDAY_MORNING + timedelta(days=6))) == 2

    def test_the_companys_time_zone_and_the_settings_count(self) -> None:
        Company.objects.update_or_create(pk=1, defaults={"time_zone": "America/New_York"})
        HealthSettings.objects.update_or_create(pk=1, defaults={"report_weekday": 2})
        tuesday_at_eleven = MONDAY_MORNING + timedelta(days=1, hours=4)

        assert make_due(now=tuesday_at_eleven - timedelta(seconds=1)) == []
        assert len(make_due(now=tuesday_at_eleven)) == 2

    def test_it_waits_half_a_day_for_the_sunday_and_then_takes_what_there_is(self) -> None:
        HealthScore.objects.filter(day=SUNDAY).update(day=SUNDAY - timedelta(days=1))

        assert make_due(now=MONDAY_MORNING) == []
        assert make_due(now=MONDAY_MORNING + timedelta(hours=11, minutes=59)) == []
        assert len(make_due(now=MONDAY_MORNING + timedelta(hours=12))) == 2
        standing = read(WeeklyReport.objects.get(owner=None).content).standing
        assert standing is not None
        assert standing.day == SUNDAY - timedelta(days=1)

    def test_a_day_on_which_everybody_was_scored_goes_before_one_on_which_somebody_was(self) -> None:
        saturday = SUNDAY - timedelta(days=1)
        score(Customer.objects.get(), saturday, 44)
        ScoringRun.objects.create(
            day=saturday, state="done", customers_done=1, created_at=MONDAY_MORNING, finished_at=MONDAY_MORNING
        )

        make_due(now=MONDAY_MORNING + timedelta(hours=12))

        standing = read(WeeklyReport.objects.get(owner=None).content).standing
        assert standing is not None
        assert (standing.day, standing.average) == (saturday, 44)

    def test_where_a_write_breaks_nothing_is_left_behind(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("health.reports.services.write_to", lambda *args, **named: 1 / 0)

        with pytest.raises(ZeroDivisionError), transaction.atomic():
            make_due(now=MONDAY_MORNING)

        assert not WeeklyReport.objects.exists()


class TestNothingToReport:
    NEXT_WEEK = WEEK + timedelta(days=7)

    def test_before_the_first_score_there_is_no_report_at_all(self) -> None:
        make_customer()

        assert make_week(WEEK, now=MONDAY_MORNING) == []

    def test_a_week_without_scores_says_so_once_and_sends_nothing(self, caplog: pytest.LogCaptureFixture) -> None:
        make_member("CS manager", email="mia@example.com")
        scored("Northwind", 30)
        later = MONDAY_MORNING + timedelta(days=7, hours=12)

        (row,) = make_due(now=later)
        again = make_due(now=later + timedelta(minutes=5))

        assert (row.week, row.owner, again) == (self.NEXT_WEEK, None, [])
        assert read(row.content).nothing == (
            "Nobody was scored from 2026-06-29 to 2026-07-05, so there is nothing to report."
        )
        assert "No weekly report: Nobody was scored from 2026-06-29" in caplog.text
        assert not Notice.objects.exists()

    def test_once_the_scores_have_come_it_can_be_made_after_all(self) -> None:
        customer = scored("Northwind", 30)
        make_week(self.NEXT_WEEK, now=MONDAY_MORNING + timedelta(days=7))
        score(customer, SUNDAY + timedelta(days=7), 40)

        make_week(self.NEXT_WEEK, now=MONDAY_MORNING + timedelta(days=8))

        content = read(WeeklyReport.objects.get(week=self.NEXT_WEEK).content)
        assert content.nothing == ""
        assert content.standing is not None
        assert content.standing.average == 40

    def test_a_manager_whose_customers_have_all_left_gets_none(self) -> None:
        owner = make_member("CSM", email="clara@example.com")
        scored("Stays", 60)
        customer = make_customer(success_manager=owner)
        score(customer, SUNDAY_BEFORE, 60)
        customers.record_churn(Churn(customer=customer, churned_on=WEEK), now=MONDAY_MORNING)

        assert [report.owner for report in make_week(WEEK, now=MONDAY_MORNING)] == [None]
