"""The breaker: a day whose usage is late is held, and scored once the usage has come."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from agentfactory_cs.customers import services as customers
from agentfactory_cs.customers.days import end_of_day
from agentfactory_cs.customers.models import Churn, Customer
from agentfactory_cs.customers.tests.clients import ApiClient
from agentfactory_cs.customers.tests.factories import NOW, YESTERDAY, make_customer, make_member, make_usage
from agentfactory_cs.messaging.models import Notice
from health import feeds, incidents, runs, tasks
from health.models import HealthScore, HealthSettings, Incident, ScoringRun

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LAST_WEEK = YESTERDAY - timedelta(days=7)


def used(customer: Customer, *days: date, **counts: int) -> None:
    for day in days:
        make_usage(customer, until=day, days=1, **(counts or {"api_calls": 5}))


def make_fleet(size: int, arrived: int) -> list[Customer]:
    """Customers that used the platform every day up to yesterday; `arrived` of them yesterday as well."""
    fleet = [make_customer() for _ in range(size)]
    for place, customer in enumerate(fleet):
        make_usage(customer, until=YESTERDAY - DAY, days=20, api_calls=5)
        if place < arrived:
            used(customer, YESTERDAY)
    return fleet


def counts(day: date = YESTERDAY) -> tuple[int, int]:
    arrival = feeds.arrival_on(day)
    return arrival.arrived, arrival.expected


class TestArrival:
    @pytest.mark.parametrize(
        ("expected", "arrived", "share", "late"),
        [
            (4, 2, 0.5, False),  # exactly half is enough
            (4, 1, 0.5, True),
            (3, 1, 0.5, True),
            (3, 2, 0.5, False),
            (1, 0, 0.5, True),
            (1, 1, 0.5, False),
            (10, 7, 0.7, False),  # although 0.7 × 10 is a little more than 7 in a computer's arithmetic
            (10, 6, 0.7, True),
            (5, 0, 0.0, False),  # switched off
            (5, 4, 1.0, True),
        ],
    )
    def test_it_is_late_below_the_share_that_managers_set(
        self, expected: int, arrived: int, share: float, late: bool
    ) -> None:
        make_fleet(expected, arrived)
        HealthSettings.objects.update_or_create(pk=1, defaults={"late_feed_share": share})

        arrival = feeds.arrival_on(YESTERDAY)

        assert (arrival.arrived, arrival.expected) == (arrived, expected)
        assert feeds.is_late(arrival) is late

    def test_where_nobody_used_it_in_the_weeks_before_there_is_nothing_to_judge_by(self) -> None:
        make_customer()

        arrival = feeds.arrival_on(YESTERDAY)

        assert (arrival.yardstick, feeds.is_late(arrival)) == (None, False)

    def test_only_the_same_weekday_counts(self) -> None:
        weekdays_only = make_customer()
        used(weekdays_only, *(YESTERDAY - back * DAY for back in (1, 2, 3, 4, 5, 6)))
        daily = make_customer()
        used(daily, LAST_WEEK, YESTERDAY)

        assert counts() == (1, 1)

    def test_who_signed_up_since_last_week_is_not_expected(self) -> None:
        used(make_customer(), LAST_WEEK, YESTERDAY)
        new = make_customer(signed_up_at=NOW - timedelta(days=3))
        used(new, YESTERDAY)

        assert counts() == (1, 1)

    def test_who_has_left_since_last_week_is_not_expected(self) -> None:
        used(make_customer(), LAST_WEEK, YESTERDAY)
        gone = make_customer()
        used(gone, LAST_WEEK)
        customers.record_churn(Churn(customer=gone, churned_on=YESTERDAY), now=NOW)

        assert counts() == (1, 1)

    def test_who_came_back_in_time_is_expected(self) -> None:
        back = make_customer()
        used(back, LAST_WEEK)
        customers.record_churn(Churn(customer=back, churned_on=YESTERDAY - 3 * DAY), now=NOW)
        customers.reactivate(back, on=YESTERDAY, now=NOW)

        assert counts() == (0, 1)

    def test_rows_of_nothing_are_no_use(self) -> None:
        customer = make_customer()
        used(customer, LAST_WEEK)
        make_usage(customer, days=1)

        assert counts() == (0, 1)

    @pytest.mark.parametrize(
        "kind", ["api_calls", "active_agents", "conversations", "logins", "active_users", "community_posts", "features"]
    )
    def test_use_of_any_kind_is_use(self, kind: str) -> None:
        used(make_customer(), LAST_WEEK, YESTERDAY, **{kind: 1})

        assert counts() == (1, 1)

    def test_after_weeks_of_silence_the_last_same_weekday_with_use_is_the_yardstick(self) -> None:
        used(make_customer(), YESTERDAY - timedelta(days=21))

        arrival = feeds.arrival_on(YESTERDAY)

        assert arrival.yardstick == YESTERDAY - timedelta(days=21)
        assert feeds.is_late(arrival)

    def test_a_trickle_during_an_outage_does_not_become_the_yardstick(self) -> None:
        fleet = make_fleet(4, arrived=1)
        feeds.start_unless_late(YESTERDAY, now=NOW)
        used(fleet[0], YESTERDAY + timedelta(days=7))

        arrival = feeds.arrival_on(YESTERDAY + timedelta(days=7))

        assert (arrival.yardstick, arrival.expected, arrival.arrived) == (LAST_WEEK, 4, 1)

    def test_it_costs_the_same_for_any_number_of_customers(self) -> None:
        make_fleet(2, arrived=1)
        with CaptureQueriesContext(connection) as few:
            feeds.arrival_on(YESTERDAY)
        make_fleet(8, arrived=4)

        with CaptureQueriesContext(connection) as many:
            feeds.arrival_on(YESTERDAY)

        assert len(few) == len(many) == 3


class TestHolding:
    def test_a_day_whose_usage_has_come_is_queued(self) -> None:
        make_fleet(4, arrived=2)

        run = feeds.start_unless_late(YESTERDAY, now=NOW)

        assert (run.state, Incident.objects.count()) == ("queued", 0)

    def test_a_late_day_is_held_by_an_incident_and_nothing_is_scored(self) -> None:
        make_fleet(4, arrived=1)

        run = feeds.start_unless_late(YESTERDAY, now=NOW)
        scored = runs.work_off(run, clock=lambda: NOW)

        incident = Incident.objects.get()
        assert (run.state, run.incident, scored) == ("held", incident, 0)
        assert (incident.kind, incident.source, incident.day) == ("late_feed", "usage", YESTERDAY)
        assert incident.summary == (
            "Usage of June 30, 2026 has come for 1 of the 4 customers that had some on June 23, 2026."
        )
        assert not HealthScore.objects.exists()

    def test_asking_again_joins_the_held_run(self) -> None:
        make_fleet(4, arrived=1)

        first = feeds.start_unless_late(YESTERDAY, now=NOW)
        second = feeds.start_unless_late(YESTERDAY, now=NOW + DAY)

        assert first == second
        assert ScoringRun.objects.count() == 1

    def test_managers_get_one_message_for_the_whole_incident_and_nobody_else_does(self) -> None:
        mia = make_member("CS manager", "mia", email="mia@example.com")
        max_ = make_member("CS manager", "max", email="max@example.com")
        make_member("CSM", "clara", email="clara@example.com")
        make_member("CS manager", "gone", email="gone@example.com", is_active=False)
        make_fleet(4, arrived=1)

        for back in (0, 1):
            feeds.start_unless_late(YESTERDAY + back * DAY, now=NOW + back * DAY)

        assert {notice.recipient for notice in Notice.objects.all()} == {mia, max_}
        assert Notice.objects.count() == 2
        assert {notice.kind for notice in Notice.objects.all()} == {"health.incident"}

    def test_a_further_day_joins_the_incident(self) -> None:
        make_fleet(4, arrived=1)

        first = feeds.start_unless_late(YESTERDAY, now=NOW)
        second = feeds.start_unless_late(YESTERDAY + DAY, now=NOW + DAY)

        incident = Incident.objects.get()
        assert first.incident == second.incident == incident
        assert list(incident.figures["days"]) == [str(YESTERDAY), str(YESTERDAY + DAY)]
        assert incident.figures["days"][str(YESTERDAY)] == {
            "expected": 4,
            "arrived": 1,
            "compared_with": str(LAST_WEEK),
        }

    def test_a_run_is_held_by_an_incident_or_not_at_all(self) -> None:
        with pytest.raises(IntegrityError, match="scoring_run_held_by_an_incident"), transaction.atomic():
            ScoringRun.objects.create(day=YESTERDAY, state="held", created_at=NOW)

    def test_two_incidents_of_a_kind_are_never_open(self) -> None:
        make_fleet(4, arrived=1)
        feeds.start_unless_late(YESTERDAY, now=NOW)

        with pytest.raises(IntegrityError, match="incident_open_once"), transaction.atomic():
            Incident.objects.create(kind="late_feed", source="usage", day=YESTERDAY, opened_at=NOW)

    def test_where_the_run_cannot_be_stored_there_is_no_incident_either(self, monkeypatch: pytest.MonkeyPatch) -> None:
        make_member("CS manager", email="mia@example.com")
        make_fleet(4, arrived=1)
        monkeypatch.setattr(ScoringRun.objects, "create", _broken)

        with pytest.raises(RuntimeError, match="disk full"):
            feeds.start_unless_late(YESTERDAY, now=NOW)

        assert not Incident.objects.exists()
        assert not Notice.objects.exists()


def _broken(**fields: Any) -> None:
    raise RuntimeError("disk full")


class TestRecovery:
    def test_once_enough_has_come_the_run_is_queued_and_the_incident_closed(self) -> None:
        fleet = make_fleet(4, arrived=1)
        run = feeds.start_unless_late(YESTERDAY, now=NOW)
        assert feeds.look_again(now=NOW) == []

        used(fleet[1], YESTERDAY)
        feeds.look_again(now=NOW)

        run.refresh_from_db()
        incident = Incident.objects.get()
        assert run.state == "queued"
        assert (incident.outcome, incident.closed_at, incident.closed_by) == ("recovered", NOW, None)

    def test_who_signed_up_while_it_was_held_is_scored_too(self) -> None:
        fleet = make_fleet(4, arrived=1)
        run = feeds.start_unless_late(YESTERDAY, now=NOW)
        late = make_customer()
        used(fleet[1], YESTERDAY)

        feeds.look_again(now=NOW)
        runs.work_off(run, clock=lambda: NOW)

        assert (run.state, run.customers_done) == ("done", 5)
        assert HealthScore.objects.filter(customer=late, day=YESTERDAY).exists()

    def test_the_incident_stays_open_while_another_of_its_days_is_held(self) -> None:
        fleet = make_fleet(4, arrived=1)
        for ahead in (0, 1):
            feeds.start_unless_late(YESTERDAY + ahead * DAY, now=NOW + ahead * DAY)

        used(fleet[1], YESTERDAY)
        feeds.look_again(now=NOW + DAY)

        assert list(ScoringRun.objects.order_by("day").values_list("state", flat=True)) == ["queued", "held"]
        assert Incident.objects.get().closed_at is None

    def test_the_sweep_scores_what_has_come_over_rest(self) -> None:
        fleet = make_fleet(4, arrived=1)
        rows = [
            {"customer_external_id": customer.external_id, "day": str(YESTERDAY), "api_calls": 9}
            for customer in fleet[1:]
        ]
        with time_machine.travel(NOW, tick=False):
            tasks.score_all_customers()
            tasks.resume_scoring()
            assert not HealthScore.objects.exists()

            answer = ApiClient().post("usage/", {"rows": rows})
            for _ in range(2):
                tasks.resume_scoring()

        assert answer.status_code == 200
        run = ScoringRun.objects.get()
        assert (run.state, run.customers_done, run.alerts_at) == ("done", 4, NOW)
        assert HealthScore.objects.filter(day=YESTERDAY).count() == 4

    @pytest.mark.parametrize(("after", "state"), [(timedelta(seconds=-1), "held"), (timedelta(0), "failed")])
    def test_a_day_whose_usage_never_comes_is_given_up_after_a_week(self, after: timedelta, state: str) -> None:
        make_fleet(4, arrived=1)
        run = feeds.start_unless_late(YESTERDAY, now=NOW)

        feeds.look_again(now=end_of_day(YESTERDAY) + feeds.PATIENCE + after)

        run.refresh_from_db()
        assert run.state == state

    def test_a_day_given_up_says_why_and_closes_the_incident(self) -> None:
        make_fleet(4, arrived=1)
        run = feeds.start_unless_late(YESTERDAY, now=NOW)

        feeds.look_again(now=NOW + timedelta(days=8))

        run.refresh_from_db()
        why = "The usage of June 30, 2026 did not come within 7 days: that day stays without scores."
        assert (run.error, Incident.objects.get().reason) == (why, why)

    def test_a_longer_outage_piles_up_no_more_than_a_week_of_held_runs(self) -> None:
        make_fleet(4, arrived=1)

        for ahead in range(20):
            now = NOW + ahead * DAY
            feeds.start_unless_late(YESTERDAY + ahead * DAY, now=now)
            feeds.look_again(now=now)

        states = list(ScoringRun.objects.order_by("day").values_list("state", flat=True))
        assert states == ["failed"] * 13 + ["held"] * 7
        assert Incident.objects.get().closed_at is None


class TestRelease:
    def test_it_needs_a_reason(self, console: Client) -> None:
        incident = _late_incident()

        page = console.post(f"/admin/health/incident/{incident.pk}/release/", {"reason": " "})

        assert page.status_code == 200
        assert "This field is required" in page.content.decode()
        assert Incident.objects.get().closed_at is None

    @pytest.mark.usefixtures("at_now")
    def test_a_manager_releases_and_the_day_is_scored_with_what_has_come(self, console: Client, manager: Any) -> None:
        incident = _late_incident()
        asked = console.get(f"/admin/health/incident/{incident.pk}/release/").content.decode()

        answer = console.post(f"/admin/health/incident/{incident.pk}/release/", {"reason": "A holiday."}, follow=True)
        tasks.resume_scoring()

        incident.refresh_from_db()
        run = ScoringRun.objects.get()
        assert "1 of the 4 customers" in asked
        assert "Released: June 30, 2026 is being scored" in answer.content.decode()
        assert (incident.outcome, incident.reason, incident.closed_by) == ("released", "A holiday.", manager)
        assert (run.state, run.customers_done, run.alerts_at) == ("done", 4, NOW)

    def test_who_may_not_release_is_refused(self, client: Client) -> None:
        incident = _late_incident()
        client.force_login(make_member("CSM"))

        page = client.get(f"/admin/health/incident/{incident.pk}/change/")
        asked = client.get(f"/admin/health/incident/{incident.pk}/release/")
        sent = client.post(f"/admin/health/incident/{incident.pk}/release/", {"reason": "I want to."})

        assert page.status_code == 200
        assert "/release" not in page.content.decode()
        assert (asked.status_code, sent.status_code) == (403, 403)
        assert ScoringRun.objects.get().state == "held"

    def test_a_second_release_is_told_that_it_is_closed(self, console: Client) -> None:
        incident = _late_incident()
        incidents.release(incident, reason="A holiday.", now=NOW)

        page = console.post(f"/admin/health/incident/{incident.pk}/release/", {"reason": "Again."})

        assert "closed already" in page.content.decode()
        assert Incident.objects.get().reason == "A holiday."

    def test_where_the_incident_cannot_be_closed_nothing_is_let_go(self, monkeypatch: pytest.MonkeyPatch) -> None:
        incident = _late_incident()
        monkeypatch.setattr(incidents, "close", _broken_close)

        with pytest.raises(RuntimeError, match="disk full"):
            incidents.release(incident, reason="A holiday.", now=NOW)

        assert ScoringRun.objects.get().state == "held"


def _late_incident() -> Incident:
    make_fleet(4, arrived=1)
    run = feeds.start_unless_late(YESTERDAY, now=NOW)
    assert run.incident
    return run.incident


def _broken_close(*about: Any, **more: Any) -> None:
    raise RuntimeError("disk full")


@pytest.fixture
def score(at_now: None) -> Callable[..., tuple[str, str]]:
    def run(*arguments: str) -> tuple[str, str]:
        out, err = StringIO(), StringIO()
        call_command("score_customers", *arguments, stdout=out, stderr=err)
        return out.getvalue(), err.getvalue()

    return run


class TestCommand:
    def test_without_a_day_it_holds_a_late_one_and_says_what_to_do(self, score: Callable[..., tuple[str, str]]) -> None:
        make_fleet(4, arrived=1)

        out, err = score()

        assert "Wrote 0 scores" in out
        assert "has come for 1 of the 4 customers" in err
        assert "release it in the console or give --as-of 2026-06-30" in err
        assert ScoringRun.objects.get().state == "held"

    def test_a_day_that_is_named_is_scored_with_a_warning(self, score: Callable[..., tuple[str, str]]) -> None:
        make_fleet(4, arrived=1)

        out, err = score("--as-of", str(YESTERDAY))

        assert "Wrote 4 scores" in out
        assert "Its scores will be too low" in err
        assert not Incident.objects.exists()

    def test_naming_a_held_day_lets_it_go(self, score: Callable[..., tuple[str, str]]) -> None:
        make_fleet(4, arrived=1)
        score()

        out, _err = score("--as-of", str(YESTERDAY))

        incident, run = Incident.objects.get(), ScoringRun.objects.get()
        assert "Wrote 4 scores" in out
        assert (run.state, incident.outcome, incident.reason) == (
            "done",
            "released",
            "The day was scored by name, with what had come.",
        )

    def test_a_day_in_time_is_scored_without_a_word(self, score: Callable[..., tuple[str, str]]) -> None:
        make_fleet(4, arrived=4)

        assert score("--as-of", str(YESTERDAY))[1] == score()[1] == ""


@pytest.mark.usefixtures("at_now")
def test_score_everybody_now_says_why_it_does_not(console: Client) -> None:
    make_fleet(4, arrived=1)

    page = console.get("/admin/health/scoringrun/score-everybody", follow=True).content.decode()

    assert "has come for 1 of the 4 customers" in page
    assert "Scoring everybody for" not in page
    assert ScoringRun.objects.get().state == "held"


def test_a_moment_before_midnight_belongs_to_the_day_that_is_not_over() -> None:
    make_fleet(4, arrived=1)

    with time_machine.travel(datetime.combine(YESTERDAY, datetime.max.time(), tzinfo=NOW.tzinfo), tick=False):
        tasks.score_all_customers()

    assert ScoringRun.objects.get().day == YESTERDAY - DAY
