"""Scores set by hand: what counts, from when to when, who is told."""

import threading
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentfactory_cs.customers import services as customers
from agentfactory_cs.customers.models import Churn, Customer
from agentfactory_cs.customers.tests.factories import NOW, YESTERDAY, make_customer, make_member, make_usage
from agentfactory_cs.events.models import Event
from agentfactory_cs.messaging.models import Notice
from health import overrides, queries, runs, services, tasks
from health.models import HealthOverride, HealthScore
from health.overrides import end_override, note_expired, set_override
from health.readings import Selection
from health.scoring import score_and_store

pytestmark = pytest.mark.django_db
TODAY = NOW.date()
FORTNIGHT = TODAY + timedelta(days=14)


def scored_customer(**fields: Any) -> Customer:
    """With ten days of scores up to yesterday."""
    customer = make_customer(**fields)
    make_usage(customer, days=60, api_calls=75, active_agents=1, logins=1)
    for back in range(10):
        score_and_store(Selection(ids=(customer.pk,)), YESTERDAY - timedelta(days=back))
    return customer


def override(customer: Customer, value: float = 90, *, now: datetime = NOW, **changes: Any) -> HealthOverride:
    given_: dict[str, Any] = {"reason": "Contract signed", "expires_on": now.date() + timedelta(days=14), **changes}
    return set_override(customer, value=value, now=now, **given_)


def effective(customer: Customer) -> dict[date, float | None]:
    rows = HealthScore.objects.filter(customer=customer)
    return dict(rows.values_list("day", "effective"))


def broken_rows() -> list[HealthScore]:
    """Rows whose effective score is not the override of their day, or else their total."""
    broken = []
    for row in HealthScore.objects.all():
        by_hand = [each for each in HealthOverride.objects.filter(customer=row.customer_id) if each.covers(row.day)]
        assert len(by_hand) <= 1
        if row.effective != (by_hand[0].value if by_hand else row.total):
            broken.append(row)
    return broken


class TestSetting:
    def test_it_counts_at_once_and_from_the_last_complete_day_on(self) -> None:
        customer = scored_customer()
        before = effective(customer)

        override(customer, 90)

        assert effective(customer) == {**before, YESTERDAY: 90}

    def test_the_computed_score_goes_on_beside_it(self) -> None:
        customer = scored_customer()
        total = HealthScore.objects.get(customer=customer, day=YESTERDAY).total

        override(customer, 90)

        explanation = queries.explain(customer.pk)
        assert explanation is not None
        assert (explanation.total, explanation.effective) == (pytest.approx(total, rel=1e-6), 90)
        assert explanation.band == "healthy"
        assert explanation.override is not None
        assert explanation.total is not None
        assert explanation.override.contribution == pytest.approx(90 - explanation.total)

    def test_the_event_says_what_was_set_in_the_place_of_what(self) -> None:
        customer, ana = scored_customer(), make_member("CSM", first_name="Ana", last_name="Ruiz")
        total = HealthScore.objects.get(customer=customer, day=YESTERDAY).total

        override(customer, 90, by=ana)

        event = Event.objects.get(trigger=overrides.SET)
        assert event.data == {
            "value": 90,
            "computed": total,
            "until": str(FORTNIGHT),
            "reason": "Contract signed",
        }
        assert (event.by, event.by_label) == (ana, "Ana Ruiz")

    def test_a_later_one_ends_the_earlier_and_says_so(self) -> None:
        customer = scored_customer()
        earlier = override(customer, 90, now=NOW - timedelta(days=3))

        override(customer, 20)

        earlier.refresh_from_db()
        assert (earlier.end_day, earlier.ended_at, earlier.end_reason) == (YESTERDAY, NOW, "replaced by 20")
        found = effective(customer)
        assert [found[YESTERDAY - timedelta(days=back)] for back in (0, 1, 2, 3)] == [20, 90, 90, 90]
        assert [event.trigger for event in Event.objects.filter(trigger__startswith="health.").order_by("id")] == [
            overrides.SET,
            overrides.ENDED,
            overrides.SET,
        ]

    def test_two_on_one_day_leave_the_second(self) -> None:
        customer = scored_customer()
        override(customer, 90)

        override(customer, 20)

        assert effective(customer)[YESTERDAY] == 20

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"value": -0.1}, "value"),
            ({"value": 100.1}, "value"),
            ({"value": float("nan")}, "value"),
            ({"reason": "  "}, "reason"),
            ({"reason": "x" * 2_001}, "reason"),
            ({"expires_on": TODAY}, "expires_on"),
            ({"expires_on": TODAY + timedelta(days=91)}, "expires_on"),
        ],
    )
    def test_what_cannot_be_is_refused_by_field_and_nothing_is_written(
        self, changes: dict[str, Any], field: str
    ) -> None:
        customer = scored_customer()
        before = effective(customer)

        with pytest.raises(ValidationError) as refusal:
            override(customer, **changes)

        assert set(refusal.value.message_dict) == {field}
        assert effective(customer) == before
        assert not HealthOverride.objects.exists()

    @pytest.mark.parametrize(("value", "days"), [(0, 1), (100, 90)])
    def test_the_ends_of_what_may_be_set_are_taken(self, value: float, days: int) -> None:
        customer = scored_customer()

        override(customer, value, expires_on=TODAY + timedelta(days=days))

        assert effective(customer)[YESTERDAY] == value

    def test_one_who_has_left_has_no_score_to_set(self) -> None:
        customer = scored_customer()
        customers.record_churn(Churn(customer=customer, churned_on=TODAY), now=NOW)

        with pytest.raises(ValidationError, match="no customer today"):
            override(customer)

    def test_one_who_signed_up_today_has_it_from_the_first_score_on(self) -> None:
        customer = make_customer(signed_up_at=NOW)
        override(customer, 70)

        services.score_customer(customer.pk, as_of=TODAY, now=NOW)

        [row] = HealthScore.objects.filter(customer=customer)
        assert (row.day, row.effective) == (TODAY, 70)

    def test_where_nothing_could_be_computed_it_counts_all_the_same(self) -> None:
        customer = make_customer()
        score_and_store(Selection(ids=(customer.pk,)), YESTERDAY)

        override(customer, 70)

        explanation = queries.explain(customer.pk)
        assert explanation is not None
        assert (explanation.total, explanation.shown, explanation.provisional) == (None, 70, False)

    def test_a_write_that_fails_at_last_leaves_nothing_behind(self, monkeypatch: pytest.MonkeyPatch) -> None:
        customer = scored_customer()
        before = effective(customer)

        def fail(*_args: Any, **_named: Any) -> None:
            raise RuntimeError

        monkeypatch.setattr(overrides, "record", fail)
        with pytest.raises(RuntimeError):
            override(customer)

        assert not HealthOverride.objects.exists()
        assert effective(customer) == before


class TestEnding:
    def test_the_computed_score_counts_again_and_the_past_keeps_what_counted(self) -> None:
        customer = scored_customer()
        before = effective(customer)
        made = override(customer, 90, now=NOW - timedelta(days=3))

        end_override(made, reason="They have not signed after all.", now=NOW)

        after = effective(customer)
        assert after[YESTERDAY] == before[YESTERDAY]
        assert after[YESTERDAY - timedelta(days=1)] == 90

    def test_one_made_today_leaves_no_trace_in_the_scores(self) -> None:
        customer = scored_customer()
        before = effective(customer)

        end_override(override(customer, 90), reason="A mistake.", now=NOW)

        assert effective(customer) == before

    def test_it_says_who_when_and_why(self) -> None:
        customer, ana = scored_customer(), make_member("CSM")

        ended = end_override(override(customer), reason="A mistake.", by=ana, now=NOW)

        assert (ended.ended_at, ended.ended_by, ended.end_reason) == (NOW, ana, "A mistake.")
        assert Event.objects.get(trigger=overrides.ENDED).data == {"value": 90, "reason": "A mistake."}

    @pytest.mark.parametrize("days_later", [0, 15])
    def test_what_is_in_force_no_more_cannot_be_ended(self, days_later: int) -> None:
        made = override(scored_customer())
        if not days_later:
            end_override(made, reason="A mistake.", now=NOW)

        with pytest.raises(ValidationError) as refusal:
            end_override(made, reason="Again.", now=NOW + timedelta(days=days_later))

        assert refusal.value.code == "conflict"

    def test_it_needs_a_reason(self) -> None:
        made = override(scored_customer())

        with pytest.raises(ValidationError) as refusal:
            end_override(made, reason=" ", now=NOW)

        assert set(refusal.value.message_dict) == {"reason"}


class TestRunningOut:
    def test_it_is_recorded_once_and_the_owner_is_written_to(self) -> None:
        owner = make_member("CSM", email="clara@example.com")
        override(scored_customer(success_manager=owner))
        after = NOW + timedelta(days=15)

        counted = [note_expired(now=after), note_expired(now=after), note_expired(now=after + timedelta(days=1))]

        assert counted == [1, 0, 0]
        assert Event.objects.get(trigger=overrides.ENDED).data["reason"] == "it ran out on 2026-07-15"
        notice = Notice.objects.get()
        assert (notice.recipient, notice.kind) == (owner, overrides.ENDED)
        assert "Contract signed" in notice.text

    def test_on_its_last_day_it_has_not_run_out(self) -> None:
        override(scored_customer())

        assert note_expired(now=NOW + timedelta(days=14)) == 0

    def test_one_ended_by_hand_does_not_run_out_as_well(self) -> None:
        end_override(override(scored_customer()), reason="A mistake.", now=NOW)

        assert note_expired(now=NOW + timedelta(days=15)) == 0

    def test_the_task_may_run_twice(self) -> None:
        override(scored_customer())

        with time_machine.travel(NOW + timedelta(days=15), tick=False):
            tasks.note_expired_overrides()
            tasks.note_expired_overrides()

        assert Event.objects.filter(trigger=overrides.ENDED).count() == 1

    def test_from_the_day_it_ends_the_daily_run_stores_the_computed_score(self) -> None:
        customer = scored_customer()
        override(customer, 90, expires_on=TODAY + timedelta(days=1))

        for day in (TODAY, TODAY + timedelta(days=1)):
            runs.work_off(runs.start_run(day, now=NOW), clock=lambda: NOW)

        found = effective(customer)
        assert found[TODAY] == 90
        assert found[TODAY + timedelta(days=1)] == HealthScore.objects.get(day=TODAY + timedelta(days=1)).total


# What can happen to a customer's scores, as a function of the day it happens on.
Step = Callable[[Customer, datetime], object]


def _set(value: int, days: int) -> Step:
    return lambda customer, now: override(customer, value, now=now, expires_on=now.date() + timedelta(days=days))


def _end(customer: Customer, now: datetime) -> object:
    in_force = HealthOverride.objects.in_force(now.date()).filter(customer=customer).first()
    return end_override(in_force, reason="Enough.", now=now) if in_force else None


def _score_last_day(customer: Customer, now: datetime) -> object:
    return services.score_customer(customer.pk, now=now)


def _rescore(back: int) -> Step:
    def rescore(customer: Customer, now: datetime) -> object:
        return services.score_customer(customer.pk, as_of=services.last_complete_day(now) - timedelta(days=back))

    return rescore


def _run(customer: Customer, now: datetime) -> object:
    return runs.work_off(runs.start_run(services.last_complete_day(now), now=now), clock=lambda: now)


_STEPS = st.one_of(
    st.builds(_set, st.integers(0, 100), st.integers(1, 90)),
    st.just(_end),
    st.just(_score_last_day),
    st.just(_run),
    st.builds(_rescore, st.integers(0, 8)),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(_STEPS, st.integers(0, 4)), max_size=8))
def test_after_anything_in_any_order_every_row_counts_the_override_or_the_total(steps: list[tuple[Step, int]]) -> None:
    with transaction.atomic():
        customer, now = scored_customer(), NOW
        for step, days in steps:
            now += timedelta(days=days)
            step(customer, now)
            assert broken_rows() == []
        transaction.set_rollback(True)


class TestConstraints:
    @pytest.mark.parametrize(
        "changes",
        [
            {"value": 101},
            {"value": -1},
            {"reason": ""},
            {"end_day": YESTERDAY - timedelta(days=1)},
            {"end_day": YESTERDAY + timedelta(days=92)},
        ],
    )
    def test_the_database_refuses_what_cannot_be(self, changes: dict[str, Any]) -> None:
        made = override(scored_customer())

        with pytest.raises(IntegrityError), transaction.atomic():
            HealthOverride.objects.filter(pk=made.pk).update(**changes)

    def test_two_never_cover_one_day(self) -> None:
        made = override(scored_customer())
        made.pk = None

        with pytest.raises(IntegrityError), transaction.atomic():
            made.save(force_insert=True)


@pytest.mark.django_db(transaction=True)
def test_scoring_that_goes_on_meanwhile_does_not_lose_an_override() -> None:
    customer = make_customer()
    make_usage(customer, days=60, api_calls=75, logins=1)
    scored, may_commit, set_by_hand = threading.Event(), threading.Event(), threading.Event()

    def score() -> None:
        with transaction.atomic():
            score_and_store(Selection(ids=(customer.pk,)), YESTERDAY)
            scored.set()
            may_commit.wait(10)
        connection.close()

    def set_meanwhile() -> None:
        override(customer, 90)
        set_by_hand.set()
        connection.close()

    scoring, setting = threading.Thread(target=score), threading.Thread(target=set_meanwhile)
    scoring.start()
    assert scored.wait(10)
    setting.start()
    waited = not set_by_hand.wait(0.3)
    may_commit.set()
    scoring.join(10)
    setting.join(10)

    assert waited
    assert effective(customer) == {YESTERDAY: 90}
