"""What follows a run: alerts judged, held where everybody moved at once, or passed over with a reason."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.tests.factories import NOW, YESTERDAY, make_customer, make_member
from agentfactory_cs.messaging.models import Notice
from health import aftermath, alerting, incidents, moves, runs, services, tasks
from health.models import HealthScore, Incident, Scorecard, ScorecardVersion, ScoringRun
from health.shifts import LEAST_CUSTOMERS

from .alerting import readings_of

DAY = timedelta(days=1)


def make_fleet(size: int = LEAST_CUSTOMERS) -> list[Customer]:
    return [make_customer() for _ in range(size)]


def shipped() -> ScorecardVersion:
    return ScorecardVersion.objects.published().order_by("number")[0]


def give_scores(
    fleet: Sequence[Customer],
    day: date,
    totals: float | Sequence[float],
    *,
    coverage: float = 0.9,
    version: ScorecardVersion | None = None,
) -> None:
    each = [totals] * len(fleet) if isinstance(totals, int | float) else totals
    HealthScore.objects.bulk_create(
        HealthScore(
            customer=customer,
            day=day,
            version=version or shipped(),
            total=total,
            effective=total,
            coverage=coverage,
            tier=1,
            readings=readings_of(total),
        )
        for customer, total in zip(fleet, each, strict=True)
    )


def finished(day: date, **fields: Any) -> ScoringRun:
    moment = NOW + (day - YESTERDAY)
    values = {"state": "done", "created_at": moment, "finished_at": moment, "customers_done": 1, **fields}
    return ScoringRun.objects.create(day=day, **values)


def quiet_weeks(days: int = 28, change: float = 0.0) -> None:
    """Runs before YESTERDAY, judged, in which the middle score moved by `change` a day."""
    for back in range(1, days + 1):
        finished(YESTERDAY - back * DAY, median_change=change, alerts_at=NOW)


def judged(run: ScoringRun) -> bool:
    run.refresh_from_db()
    return run.alerts_at is not None and not run.alerts_note


@pytest.mark.django_db
class TestMove:
    def test_it_is_the_median_over_the_customers(self) -> None:
        fleet = make_fleet(11)
        give_scores(fleet, YESTERDAY - DAY, 50)
        give_scores(fleet, YESTERDAY, [50 + rise for rise in (-30, -20, -9, -8, -7, -3, 0, 1, 2, 5, 40)])

        moved = moves.move(YESTERDAY - DAY, YESTERDAY)

        assert (moved.median, moved.compared, moved.others) == (-3, 11, 0)

    def test_scores_of_one_day_alone_and_those_without_enough_data_do_not_count(self) -> None:
        fleet, new, unsure = make_fleet(), make_fleet(3), make_fleet(5)
        give_scores([*fleet, *unsure], YESTERDAY - DAY, 50)
        give_scores([*fleet, *new], YESTERDAY, 51)
        give_scores(unsure, YESTERDAY, 5, coverage=0.49)

        moved = moves.move(YESTERDAY - DAY, YESTERDAY)

        assert (moved.median, moved.compared) == (1, len(fleet))

    @pytest.mark.parametrize(("size", "is_known"), [(LEAST_CUSTOMERS - 1, False), (LEAST_CUSTOMERS, True)])
    def test_among_too_few_there_is_none(self, size: int, is_known: bool) -> None:
        fleet = make_fleet(size)
        give_scores(fleet, YESTERDAY - DAY, 50)
        give_scores(fleet, YESTERDAY, 40)

        assert (moves.move(YESTERDAY - DAY, YESTERDAY).median is not None) is is_known

    def test_it_takes_the_same_queries_for_any_number(self) -> None:
        fleet = make_fleet(40)
        give_scores(fleet, YESTERDAY - DAY, 50)
        give_scores(fleet, YESTERDAY, 40)

        with CaptureQueriesContext(connection) as captured:
            moves.move(YESTERDAY - DAY, YESTERDAY)

        assert len(captured) == 2


@pytest.mark.django_db
class TestShift:
    @pytest.mark.parametrize(
        ("history_days", "usual_change", "change", "is_held"),
        [
            (28, 0.0, -2.0, False),
            (28, 0.0, -2.5, True),
            (28, 0.0, 2.5, True),
            (28, -1.0, -2.5, False),
            (7, 0.0, -2.5, True),
            (6, 0.0, -40.0, False),
        ],
    )
    def test_a_day_on_which_everybody_moved_is_held(
        self, history_days: int, usual_change: float, change: float, is_held: bool
    ) -> None:
        fleet = make_fleet()
        quiet_weeks(history_days, usual_change)
        give_scores(fleet, YESTERDAY - DAY, 50)
        give_scores(fleet, YESTERDAY, 50 + change)
        run = finished(YESTERDAY)

        aftermath.after_run(run, now=NOW)

        assert judged(run) is not is_held
        assert run.median_change == pytest.approx(change)
        assert Incident.objects.filter(kind="fleet_shift", closed_at=None).exists() is is_held

    def test_the_incident_says_it_with_its_figures(self) -> None:
        make_member("CS manager", email="mia@example.com")
        run = _shifted()

        incident = Incident.objects.get()
        assert run.incident == incident
        assert incident.summary == (
            "The middle customer's score fell 9.4 points from June 29, 2026 to June 30, 2026; "
            "usually it moves 0.3 in a day."
        )
        assert incident.figures["days"][str(YESTERDAY)] == {
            "since": str(YESTERDAY - DAY),
            "change": -9.4,
            "usual_change": 0.3,
            "spread": 0.5,
            "customers": LEAST_CUSTOMERS,
        }
        assert Notice.objects.get().text.startswith(incident.summary)

    def test_released_its_alerts_are_judged_by_the_next_sweep(self, console: Client) -> None:
        run = _shifted()
        incident = Incident.objects.get()
        aftermath.catch_up(now=NOW)
        assert not judged(run)

        page = console.post(f"/admin/health/incident/{incident.pk}/release/", {"reason": "Prices rose."}, follow=True)
        tasks.resume_scoring()

        assert "alerts of the newest day are judged within a minute" in page.content.decode()
        assert judged(run)

    def test_the_next_day_joins_while_the_scores_stay_away(self) -> None:
        first = _shifted()
        give_scores(list(Customer.objects.order_by("pk")), YESTERDAY + DAY, 41)
        second = finished(YESTERDAY + DAY)

        aftermath.after_run(second, now=NOW + DAY)

        assert not judged(first)
        assert not judged(second)
        assert Incident.objects.get().figures["days"].keys() == {str(YESTERDAY), str(YESTERDAY + DAY)}

    def test_once_the_scores_are_back_the_day_between_is_passed_over(self) -> None:
        held = _shifted()
        give_scores(list(Customer.objects.order_by("pk")), YESTERDAY + DAY, 50.2)
        back = finished(YESTERDAY + DAY)

        aftermath.after_run(back, now=NOW + DAY)

        held.refresh_from_db()
        why = (
            "On July 1, 2026 the scores are back where they were before; "
            "the alerts of the days between are passed over."
        )
        assert (held.alerts_at, held.alerts_note) == (NOW + DAY, why)
        assert judged(back)
        incident = Incident.objects.get()
        assert (incident.outcome, incident.reason) == ("recovered", why)

    def test_scoring_the_day_again_from_better_data_ends_it(self) -> None:
        held = _shifted()
        HealthScore.objects.filter(day=YESTERDAY).update(total=50, effective=50)
        again = finished(YESTERDAY)

        aftermath.after_run(again, now=NOW)

        held.refresh_from_db()
        assert judged(again)
        assert "back where they were" in held.alerts_note
        assert Incident.objects.get().outcome == "recovered"

    def test_another_scorecard_version_is_no_shift_and_says_so(self) -> None:
        fleet = make_fleet()
        quiet_weeks()
        stricter = services.publish_scorecard(
            Scorecard.objects.get(),
            definition={**shipped().definition, "provisional_below": 0.6},
            reason="Stricter",
            now=NOW,
        )
        give_scores(fleet, YESTERDAY - DAY, 50)
        give_scores(fleet, YESTERDAY, 20, version=stricter)
        run = finished(YESTERDAY)

        aftermath.after_run(run, now=NOW)

        run.refresh_from_db()
        assert (run.median_change, run.alerts_at) == (None, NOW)
        assert run.alerts_note == (
            "Another scorecard version took over: the scores of 10 customers are not compared with the day before."
        )
        assert not Incident.objects.exists()

    def test_who_released_a_late_feed_is_not_asked_again(self) -> None:
        fleet = make_fleet()
        quiet_weeks()
        give_scores(fleet, YESTERDAY - DAY, 50)
        give_scores(fleet, YESTERDAY, 20)
        late = Incident.objects.create(
            kind="late_feed", source="usage", day=YESTERDAY, opened_at=NOW, closed_at=NOW, outcome="released"
        )
        run = finished(YESTERDAY, incident=late)

        aftermath.after_run(run, now=NOW)

        assert judged(run)
        assert run.median_change == -30


def _shifted() -> ScoringRun:
    """A run held because everybody lost 9.4 points."""
    fleet = make_fleet()
    quiet_weeks(change=0.3)
    give_scores(fleet, YESTERDAY - DAY, 50)
    give_scores(fleet, YESTERDAY, 40.6)
    run = finished(YESTERDAY)
    aftermath.after_run(run, now=NOW)
    run.refresh_from_db()
    return run


@pytest.mark.django_db
class TestOnce:
    def test_a_run_that_is_done_is_judged_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        calls = _count_judging(monkeypatch)
        make_customer()
        run = runs.start_run(YESTERDAY, now=NOW)

        for _ in range(2):
            runs.work_off(run, clock=lambda: NOW)
            aftermath.after_run(run, now=NOW)
            aftermath.catch_up(now=NOW)

        assert calls == [run.pk]

    def test_what_a_process_that_died_left_is_taken_up_by_the_sweep(self) -> None:
        run = finished(YESTERDAY)

        for _ in range(2):
            aftermath.catch_up(now=NOW)

        assert judged(run)

    def test_a_failure_is_noted_and_the_sweep_tries_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        make_customer()
        run = runs.start_run(YESTERDAY, now=NOW)
        with monkeypatch.context() as broken:
            broken.setattr(alerting, "judge", _disk_full)
            runs.work_off(run, clock=lambda: NOW)

        assert (run.state, run.alerts_at, run.alerts_note) == ("done", None, "RuntimeError: disk full")

        aftermath.catch_up(now=NOW)
        assert judged(run)

    def test_a_day_before_one_that_is_scored_already_is_passed_over(self) -> None:
        finished(YESTERDAY, alerts_at=NOW)
        make_customer()

        run = runs.start_run(YESTERDAY - DAY, now=NOW)
        runs.work_off(run, clock=lambda: NOW)

        assert run.alerts_at == NOW
        assert run.alerts_note == "A later day was scored already: its alerts tell what matters now."

    def test_the_sweep_passes_over_what_is_older_than_the_newest_day(self) -> None:
        older, newest = finished(YESTERDAY - DAY), finished(YESTERDAY)

        aftermath.catch_up(now=NOW)

        older.refresh_from_db()
        assert older.alerts_note.startswith("A later day was scored already")
        assert judged(newest)

    @pytest.mark.parametrize("state", ["queued", "running", "failed"])
    def test_a_run_that_is_not_done_is_left_alone(self, state: str) -> None:
        run = finished(YESTERDAY, state=state, finished_at=NOW if state == "failed" else None)

        aftermath.after_run(run, now=NOW)
        aftermath.catch_up(now=NOW)

        run.refresh_from_db()
        assert run.alerts_at is None


def _count_judging(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    calls, judge = [], alerting.judge

    def counted(run: ScoringRun, *, now: datetime) -> None:
        calls.append(run.pk)
        judge(run, now=now)

    monkeypatch.setattr(alerting, "judge", counted)
    return calls


def _disk_full(run: ScoringRun, *, now: datetime) -> None:
    raise RuntimeError("disk full")


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_finish_a_run_together_have_it_judged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = _count_judging(monkeypatch)
    run, barrier = finished(YESTERDAY, state="running", finished_at=None), Barrier(3)

    def work() -> None:
        barrier.wait(timeout=20)
        try:
            mine = ScoringRun.objects.get(pk=run.pk)
            runs._finish(mine, now=NOW)
            aftermath.after_run(mine, now=NOW)
        finally:
            connection.close()

    threads = [Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert calls == [run.pk]
    assert judged(run)


@pytest.mark.django_db
def test_an_incident_reported_twice_for_a_day_is_told_once() -> None:
    make_member("CS manager", email="mia@example.com")

    for _ in range(2):
        incidents.report("fleet_shift", source="scores", day=YESTERDAY, summary="They fell.", figures={}, now=NOW)

    assert (Incident.objects.count(), Notice.objects.count()) == (1, 1)
