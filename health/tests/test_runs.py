"""The daily run: chunks, workers that come and go, and the command."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from io import StringIO
from threading import Barrier, Thread
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection

from agentfactory_cs.customers.tests.factories import NOW, YESTERDAY, make_customer, make_usage
from health import runs, tasks
from health.models import HealthScore, ScoringChunk, ScoringRun
from health.readings import Selection
from health.scoring import score_and_store


def clock() -> datetime:
    return NOW


def clock_at(moment: datetime) -> Callable[[], datetime]:
    return lambda: moment


def make_customers(count: int) -> list[int]:
    made = [make_customer() for _ in range(count)]
    for customer in made:
        make_usage(customer, days=3, api_calls=10)
    return [customer.pk for customer in made]


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "CHUNK_CUSTOMERS", 2)


@pytest.mark.django_db
@pytest.mark.usefixtures("small_chunks")
class TestRun:
    def test_a_run_scores_everybody_once_and_is_done(self) -> None:
        ids = make_customers(5)

        run = runs.start_run(YESTERDAY, now=NOW)
        scored = runs.work_off(run, clock=clock)

        assert (scored, run.state, run.customers_done, run.customers_total) == (5, "done", 5, 5)
        assert set(HealthScore.objects.values_list("customer_id", flat=True)) == set(ids)
        assert run.chunks.count() == 3

    def test_a_second_request_joins_the_run_under_way(self) -> None:
        make_customers(1)

        first = runs.start_run(YESTERDAY, now=NOW)
        second = runs.start_run(YESTERDAY, now=NOW)

        assert first.pk == second.pk

    def test_with_no_customers_a_run_is_done_at_once(self) -> None:
        run = runs.start_run(YESTERDAY, now=NOW)

        runs.work_off(run, clock=clock)

        assert (run.state, run.customers_total) == ("done", 0)

    def test_what_a_dead_worker_held_is_taken_over_after_its_lease(self) -> None:
        make_customers(3)
        run = runs.start_run(YESTERDAY, now=NOW)
        held = runs._claim(run, now=NOW)
        assert held is not None

        runs.work_off(run, clock=clock)
        assert run.state == "running"
        assert runs.unfinished_runs(NOW) == []

        later = NOW + runs.LEASE + timedelta(seconds=1)
        assert runs.unfinished_runs(later) == [run]
        runs.work_off(run, clock=lambda: later)

        assert (run.state, run.customers_done) == ("done", 3)

    def test_a_chunk_scored_twice_is_counted_once(self) -> None:
        make_customers(2)
        run = runs.start_run(YESTERDAY, now=NOW)
        chunk = runs._claim(run, now=NOW)
        assert chunk is not None

        for _ in range(2):
            runs._count(chunk, 2)

        run.refresh_from_db()
        assert run.customers_done == 2

    def test_a_bad_chunk_holds_up_no_other(self, monkeypatch: pytest.MonkeyPatch) -> None:
        ids = make_customers(6)
        run = runs.start_run(YESTERDAY, now=NOW)
        monkeypatch.setattr(runs, "score_and_store", _fail_on(ids[0]))

        with pytest.raises(RuntimeError, match="disk full"):
            runs.work_off(run, clock=clock)

        assert (run.state, run.error, run.customers_done) == ("running", "RuntimeError: disk full", 4)
        assert set(HealthScore.objects.values_list("customer_id", flat=True)) == set(ids[2:])

    def test_a_bad_chunk_is_tried_again_after_a_minute_and_may_recover(self, monkeypatch: pytest.MonkeyPatch) -> None:
        ids = make_customers(2)
        run = runs.start_run(YESTERDAY, now=NOW)
        with monkeypatch.context() as broken:
            broken.setattr(runs, "score_and_store", _fail_on(ids[0]))
            with pytest.raises(RuntimeError):
                runs.work_off(run, clock=clock)
        assert runs.unfinished_runs(NOW) == []

        later = NOW + runs.RETRY_AFTER + timedelta(seconds=1)
        assert runs.unfinished_runs(later) == [run]
        runs.work_off(run, clock=lambda: later)

        assert (run.state, run.error, run.customers_done) == ("done", "", 2)

    def test_after_five_attempts_the_run_has_failed_and_says_why(self, monkeypatch: pytest.MonkeyPatch) -> None:
        ids = make_customers(4)
        run = runs.start_run(YESTERDAY, now=NOW)
        monkeypatch.setattr(runs, "score_and_store", _fail_on(ids[0]))

        for attempt in range(runs.MAX_ATTEMPTS):
            moment = NOW + 2 * attempt * runs.RETRY_AFTER
            with pytest.raises(RuntimeError):
                runs.work_off(run, clock=clock_at(moment))

        assert (run.state, run.error) == ("failed", "RuntimeError: disk full")
        assert run.finished_at is not None
        assert run.customers_done == 2

    def test_a_chunk_that_kills_its_workers_is_given_up(self) -> None:
        make_customers(2)
        run = runs.start_run(YESTERDAY, now=NOW)
        moment = NOW
        for _ in range(runs.MAX_ATTEMPTS):
            assert runs._claim(run, now=moment)
            moment += runs.LEASE + timedelta(seconds=1)

        assert runs._claim(run, now=moment) is None
        assert runs.unfinished_runs(moment) == [run]
        runs.work_off(run, clock=lambda: moment)

        assert run.state == "failed"

    def test_one_run_that_fails_does_not_stop_the_sweep_of_the_others(self, monkeypatch: pytest.MonkeyPatch) -> None:
        ids = make_customers(2)
        for back in (1, 0):
            runs.start_run(YESTERDAY - timedelta(days=back), now=NOW)
        monkeypatch.setattr(runs, "score_and_store", _fail_on(ids[0], day=YESTERDAY - timedelta(days=1)))

        tasks.resume_scoring()

        assert list(ScoringRun.objects.order_by("day").values_list("state", flat=True)) == ["running", "done"]

    def test_the_tasks_may_be_called_twice(self) -> None:
        make_customers(3)
        run = runs.start_run(YESTERDAY, now=NOW)

        for _ in range(2):
            tasks.work_off_run(run.pk)
            tasks.resume_scoring()

        run.refresh_from_db()
        assert (run.state, run.customers_done, HealthScore.objects.count()) == ("done", 3, 3)


def _fail_on(customer_id: int, day: date | None = None) -> Any:
    """Scoring as it is, except of a chunk that begins with this customer (on this day)."""

    def score(selection: Selection, scored_day: date, **more: Any) -> int:
        if selection.first_id == customer_id and day in (None, scored_day):
            raise RuntimeError("disk full")
        return score_and_store(selection, scored_day, **more)

    return score


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("small_chunks")
def test_workers_at_the_same_time_share_the_chunks_and_double_none() -> None:
    make_customers(12)
    run = runs.start_run(YESTERDAY, now=NOW)
    barrier, counted = Barrier(3), []

    def work() -> None:
        barrier.wait(timeout=20)
        try:
            counted.append(runs.work_off(ScoringRun.objects.get(pk=run.pk), clock=clock))
        finally:
            connection.close()

    threads = [Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    run.refresh_from_db()
    assert (run.state, run.customers_done, sum(counted)) == ("done", 12, 12)
    assert set(ScoringChunk.objects.values_list("attempts", flat=True)) == {1}


@pytest.fixture
def at_now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.mark.django_db
@pytest.mark.usefixtures("at_now")
class TestCommand:
    def run(self, *arguments: str) -> str:
        out = StringIO()
        call_command("score_customers", *arguments, stdout=out)
        return out.getvalue()

    def test_it_scores_each_day_of_a_span(self) -> None:
        make_customers(2)

        said = self.run("--from", "2026-06-28", "--to", "2026-06-30")

        assert "Wrote 6 scores for 3 days, 2026-06-28 to 2026-06-30." in said
        assert HealthScore.objects.count() == 6

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (("--as-of", "yesterday"), "'yesterday' is not a day"),
            (("--as-of", "2026-06-30", "--to", "2026-06-30"), "not both"),
            (("--from", "2026-06-30", "--to", "2026-06-01"), "lies after"),
            (("--as-of", "2999-01-01"), "lies in the future"),
        ],
    )
    def test_what_cannot_be_meant_is_refused_in_a_sentence(self, arguments: tuple[str, ...], says: str) -> None:
        with pytest.raises(CommandError, match=says):
            self.run(*arguments)
