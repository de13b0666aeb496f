"""Which months a backtest looks at, who works it, and what the command says."""

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from agentfactory_cs.customers.models import UsageDay
from agentfactory_cs.customers.tests.factories import NOW, YESTERDAY, make_customer
from health import backtesting, tasks
from health.backtesting import Result, work
from health.backtesting.replay import replay
from health.backtesting.span import choose
from health.backtesting.words import headline
from health.models import Backtest, Scorecard
from health.services import publish_scorecard
from health.standard import STANDARD

from .books import FIRST_DAY, MONTH_ENDS, make_book, make_draft

pytestmark = pytest.mark.django_db


def clock() -> datetime:
    return NOW


class TestSpan:
    @pytest.fixture(autouse=True)
    def book(self) -> None:
        make_book(0, 2)

    def test_left_open_it_takes_every_month_end_with_a_full_window_and_horizon(self) -> None:
        span = choose(None, None, 60, newest=YESTERDAY)

        assert span.days() == MONTH_ENDS

    def test_left_open_it_ends_with_the_data_not_with_today(self) -> None:
        span = choose(None, None, 60, newest=YESTERDAY + timedelta(days=900))

        assert span.days() == MONTH_ENDS

    def test_left_open_it_goes_back_two_years_at_most(self) -> None:
        UsageDay.objects.create(customer=make_customer(signed_up_at=NOW - timedelta(days=3000)), day=date(2019, 1, 1))

        span = choose(None, None, 60, newest=YESTERDAY)

        assert (len(span.days()), span.until) == (24, MONTH_ENDS[-1])

    def test_a_shorter_horizon_reaches_nearer_to_today(self) -> None:
        assert choose(None, None, 30, newest=YESTERDAY).until == date(2026, 5, 31)

    @pytest.mark.parametrize(
        ("since", "until", "horizon", "field", "says"),
        [
            (None, date(2026, 5, 2), 60, "until", "at the latest 2026-05-01"),
            (None, date.max, 60, "until", "at the latest 2026-05-01"),
            (date(2026, 4, 1), date(2026, 4, 29), 60, "since", "No month ends between"),
            (date(2026, 4, 30), date(2026, 3, 31), 60, "since", "No month ends between"),
            (date.min, None, 60, "since", "At most 60 month ends"),
            (None, date(2026, 2, 20), 60, "until", "no month end to look back on yet"),
            (None, None, 0, "horizon_days", "1 to 366 days"),
            (None, None, 367, "horizon_days", "1 to 366 days"),
        ],
    )
    def test_what_cannot_be_looked_at_is_refused_with_field_and_reason(
        self, since: date | None, until: date | None, horizon: int, field: str, says: str
    ) -> None:
        with pytest.raises(ValidationError) as refused:
            backtesting.start(since=since, until=until, horizon_days=horizon, now=NOW)

        assert list(refused.value.message_dict) == [field]
        assert says in refused.value.message_dict[field][0]
        assert not Backtest.objects.exists()

    def test_a_draft_that_is_not_complete_is_refused(self) -> None:
        draft = make_draft(STANDARD)
        draft.definition = {"components": {}}  # as an older release might have left one

        with pytest.raises(ValidationError) as refused:
            backtesting.start(version=draft, now=NOW)

        assert "cannot score anybody yet" in refused.value.message_dict["version"][0]

    def test_a_scorecard_that_would_score_nobody_is_refused(self) -> None:
        outranked = Scorecard.objects.create(name="Second", priority=-1)
        version = publish_scorecard(outranked, definition=STANDARD, reason="Tried.", now=NOW)

        with pytest.raises(ValidationError) as refused:
            backtesting.start(version=version, now=NOW)

        assert "would score nobody" in refused.value.message_dict["version"][0]

    def test_where_one_version_scores_everybody_it_is_the_one_named(self) -> None:
        assert str(backtesting.start(now=NOW).version) == "Standard v1"


def test_without_any_customer_there_is_nothing_to_look_back_on() -> None:
    with pytest.raises(ValidationError) as refused:
        backtesting.start(now=NOW)

    assert list(refused.value.message_dict) == ["until"]


class TestWork:
    @pytest.fixture
    def backtest(self) -> Backtest:
        make_book(1, 2)
        return backtesting.start(now=NOW)

    def test_progress_is_counted_by_month_end_on_the_row(self, backtest: Backtest) -> None:
        seen: list[tuple[int, str]] = []

        def look(done: int) -> None:
            row = Backtest.objects.get(pk=backtest.pk)
            assert row.days_done == done
            seen.append((done, row.state))

        backtesting.work_off(backtest, clock=clock, progress=look)

        assert seen == [(1, "running"), (2, "running"), (3, "running")]
        assert (backtest.state, backtest.days_done, backtest.days_total) == ("done", 3, 3)
        assert backtest.finished_at == NOW

    def test_one_worker_at_a_time_holds_it(self, backtest: Backtest) -> None:
        assert work._claim(backtest, now=NOW)

        assert backtesting.work_off(Backtest.objects.get(pk=backtest.pk), clock=clock) is None
        assert backtesting.unfinished(NOW) == []

    def test_what_a_dead_worker_held_is_taken_up_again_after_its_lease(self, backtest: Backtest) -> None:
        work._claim(backtest, now=NOW)
        later = NOW + work.LEASE + timedelta(seconds=1)

        assert backtesting.unfinished(later) == [backtest]
        result = backtesting.work_off(backtest, clock=lambda: later)

        assert result is not None
        assert (backtest.state, backtest.attempts) == ("done", 2)

    def test_a_worker_that_lost_its_hold_writes_nothing_any_more(self, backtest: Backtest) -> None:
        def take_over(done: int) -> None:
            Backtest.objects.filter(pk=backtest.pk).update(claimed_at=NOW + timedelta(hours=1))

        result = backtesting.work_off(backtest, clock=clock, progress=take_over)

        backtest.refresh_from_db()
        assert result is None
        assert (backtest.state, backtest.result, backtest.days_done) == ("running", None, 1)

    def test_the_lease_is_renewed_with_every_month_end(self, backtest: Backtest) -> None:
        moments = iter(NOW + timedelta(minutes=9 * place) for place in range(20))

        result = backtesting.work_off(backtest, clock=lambda: next(moments))

        assert result is not None
        assert backtest.claimed_at is not None
        assert backtest.claimed_at - NOW > 3 * work.LEASE

    def test_what_goes_wrong_is_noted_tried_again_and_after_three_times_final(
        self, backtest: Backtest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(work, "replay", _fail)
        states = []

        for attempt in range(work.MAX_ATTEMPTS):
            moment = NOW + 2 * attempt * work.RETRY_AFTER
            with pytest.raises(RuntimeError):
                backtesting.work_off(backtest, clock=_at(moment))
            states.append(backtest.state)

        assert states == ["running", "running", "failed"]
        assert backtest.error == "RuntimeError: disk full"
        assert backtesting.unfinished(NOW + timedelta(days=1)) == []

    def test_a_failure_may_pass(self, backtest: Backtest, monkeypatch: pytest.MonkeyPatch) -> None:
        with monkeypatch.context() as broken:
            broken.setattr(work, "replay", _fail)
            with pytest.raises(RuntimeError):
                backtesting.work_off(backtest, clock=clock)
        assert backtesting.unfinished(NOW) == []

        later = NOW + work.RETRY_AFTER + timedelta(seconds=1)
        assert backtesting.unfinished(later) == [backtest]
        backtesting.work_off(backtest, clock=lambda: later)

        assert (backtest.state, backtest.error) == ("done", "")

    def test_one_that_ends_its_workers_is_given_up(self, backtest: Backtest) -> None:
        moment = NOW
        for _ in range(work.MAX_ATTEMPTS):
            assert work._claim(backtest, now=moment)
            moment += work.LEASE + timedelta(seconds=1)

        assert backtesting.work_off(backtest, clock=lambda: moment) is None

        assert backtest.state == "failed"
        assert "stopped 3 times" in backtest.error

    def test_the_tasks_may_be_called_twice(self, backtest: Backtest) -> None:
        for _ in range(2):
            tasks.work_off_backtest(backtest.pk)
            tasks.resume_backtests()

        backtest.refresh_from_db()
        assert (backtest.state, backtest.attempts) == ("done", 1)

    def test_one_that_fails_does_not_stop_the_sweep_of_the_others(
        self, backtest: Backtest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        second = backtesting.start(now=NOW + timedelta(hours=1))
        monkeypatch.setattr(work, "replay", _fail_once())

        tasks.resume_backtests()

        states = Backtest.objects.order_by("pk").values_list("state", flat=True)
        assert (list(states), second.pk) == (["running", "done"], Backtest.objects.latest("pk").pk)


def _fail(*args: Any, **kwargs: Any) -> Any:
    raise RuntimeError("disk full")


def _fail_once() -> Callable[..., Any]:
    calls: list[int] = []

    def sometimes(*args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        return _fail() if len(calls) == 1 else replay(*args, **kwargs)

    return sometimes


def _at(moment: datetime) -> Callable[[], datetime]:
    return lambda: moment


@pytest.mark.parametrize(
    "values",
    [
        {"since": YESTERDAY, "until": FIRST_DAY},
        {"horizon_days": 0},
        {"horizon_days": 367},
        {"state": "done", "finished_at": NOW},
        {"state": "failed"},
        {"state": "queued", "finished_at": NOW},
    ],
)
def test_the_database_refuses_a_backtest_that_cannot_be(values: dict[str, Any]) -> None:
    row = {"since": FIRST_DAY, "until": YESTERDAY, "created_at": NOW, **values}

    with pytest.raises(IntegrityError), transaction.atomic():
        Backtest.objects.create(**row)


@pytest.mark.usefixtures("at_now")
class TestCommand:
    def run(self, *arguments: str) -> str:
        out = StringIO()
        call_command("backtest_health", *arguments, stdout=out)
        return out.getvalue()

    def test_it_answers_in_sentences_and_keeps_the_backtest(self) -> None:
        make_book(12, 20)

        said = self.run("--scorecard", "Standard v1", "--from", "2026-03-01", "--horizon", "30")

        row = Backtest.objects.get()
        assert said.startswith(headline(Result.from_json(row.result or {})))
        assert "Standard v1 was replayed over" in said
        assert "The score " in said
        assert (row.since, row.horizon_days, str(row.version)) == (date(2026, 3, 31), 30, "Standard v1")

    def test_json_is_one_object(self) -> None:
        make_book(1, 3)

        found = json.loads(self.run("--json"))

        assert found["id"] == Backtest.objects.get().pk
        assert found["verdict"] == "too_few"
        assert len(found["metrics"]) == 16

    def test_a_draft_is_named_by_its_id(self) -> None:
        make_book(1, 3)
        draft = make_draft(STANDARD)

        self.run("--scorecard", str(draft.pk))

        assert Backtest.objects.get().version == draft

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (("--scorecard", "Gold v9"), "no scorecard version 'Gold v9'. Published: \"Standard v1\""),
            (("--from", "yesterday"), "'yesterday' is not a day"),
            (("--to", "2026-06-30"), "--to: .*at the latest 2026-05-01"),
            (("--horizon", "0"), "--horizon: Must be 1 to 366 days"),
        ],
    )
    def test_what_cannot_be_meant_is_refused_in_a_sentence(self, arguments: tuple[str, ...], says: str) -> None:
        with pytest.raises(CommandError, match=says):
            self.run(*arguments)
