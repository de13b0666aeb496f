"""Who enters a playbook, who does not, and what is said of it."""

from datetime import timedelta
from typing import Any

import pytest

from agentfactory_cs.customers import services as customers
from agentfactory_cs.customers.models import Churn
from agentfactory_cs.customers.tests.factories import NOW, YESTERDAY, make_customer
from agentfactory_cs.events.models import Event
from playbooks import entering, services
from playbooks.models import Playbook, Refusal, Run
from playbooks.models.playbook import PlaybookState

from .factories import SIGNED_UP, make_playbook, manual_step, rows, tag_step

pytestmark = pytest.mark.django_db


def signups() -> list[Event]:
    return list(Event.objects.filter(trigger="customers.signed_up").order_by("pk"))


def refusals() -> list[tuple[int, str]]:
    return list(Refusal.objects.values_list("customer_id", "reason"))


def test_an_event_lets_its_customer_in_with_its_steps_due() -> None:
    playbook = make_playbook(tag_step("now"), tag_step("later", day=3, hour=2), trigger=SIGNED_UP)
    customer = make_customer(signed_up_at=NOW)

    entering.on_events(signups(), NOW)

    run = Run.objects.get()
    assert (run.customer, run.playbook, run.state) == (customer, playbook, "running")
    assert [step.due_at for step in run.steps.all()] == [NOW, NOW + timedelta(days=3, hours=2)]


def test_the_same_event_twice_lets_nobody_in_twice() -> None:
    make_playbook(trigger=SIGNED_UP, cool_down_days=0)
    make_customer(signed_up_at=NOW)

    for _ in range(2):
        entering.on_events(signups(), NOW)
    services.stop_run(Run.objects.get(), reason="Enough.", now=NOW)
    entering.on_events(signups(), NOW + timedelta(days=1))

    assert Run.objects.count() == 1


def test_events_recorded_before_it_was_active_let_nobody_in() -> None:
    make_customer()
    make_playbook(trigger=SIGNED_UP, now=NOW + timedelta(days=3650))

    entering.on_events(signups(), NOW + timedelta(days=3650))

    assert not Run.objects.exists()


def test_an_event_that_happened_long_ago_lets_nobody_in() -> None:
    make_playbook(trigger=SIGNED_UP)
    customer = make_customer(signed_up_at=NOW - timedelta(days=3))

    entering.on_events(signups(), NOW)

    assert refusals() == [(customer.pk, "old_news")]
    assert "It happened on 2026-06-28" in Refusal.objects.get().detail


def test_whoever_does_not_fit_is_refused_with_the_figures() -> None:
    make_playbook(trigger=SIGNED_UP, entry=rows(("customers.tier", "in", ["enterprise"])))
    customer = make_customer(tier="pro", signed_up_at=NOW)

    entering.on_events(signups(), NOW)

    refusal = Refusal.objects.get()
    assert (refusal.customer, refusal.reason) == (customer, "condition")
    assert refusal.detail == "Not met: Tier is Enterprise (it is pro)."


def test_the_daily_look_lets_in_everybody_who_fits_and_refuses_nobody_else() -> None:
    make_playbook(trigger={"kind": "schedule"}, entry=rows(("customers.tier", "in", ["pro"])))
    fitting, _other = make_customer(tier="pro"), make_customer(tier="free")

    entered = entering.look_at_everybody(NOW)

    assert entered == 1
    assert [run.customer for run in Run.objects.all()] == [fitting]
    assert not refusals()


def test_a_customer_is_in_a_playbook_once_and_again_after_the_cool_down() -> None:
    playbook = make_playbook(manual_step(), trigger={"kind": "schedule"}, cool_down_days=90)
    customer = make_customer()
    entering.look_at_everybody(NOW)
    entering.look_at_everybody(NOW + timedelta(days=1))
    run = services.stop_run(Run.objects.get(), reason="Enough.", now=NOW + timedelta(days=2))

    too_early = entering.look_at_everybody(NOW + timedelta(days=91))
    in_time = entering.look_at_everybody(NOW + timedelta(days=92))

    assert (too_early, in_time) == (0, 1)
    assert {reason for _customer, reason in refusals()} == {"already_in", "cool_down"}
    assert playbook.runs.filter(customer=customer).exclude(pk=run.pk).count() == 1


def test_an_exclusive_playbook_of_a_higher_priority_keeps_its_customers() -> None:
    make_playbook(manual_step(), trigger={"kind": "schedule"}, priority=10, is_exclusive=True, name="Rescue")
    lower = make_playbook(manual_step(), trigger={"kind": "schedule"}, priority=1)
    make_customer()

    entering.look_at_everybody(NOW)

    assert not lower.runs.exists()
    assert Refusal.objects.get(playbook=lower).detail == "It is in Rescue, which goes first."


def test_who_has_left_enters_nothing() -> None:
    make_playbook(trigger=SIGNED_UP)
    customer = make_customer(signed_up_at=NOW - timedelta(days=1, hours=12))
    customers.record_churn(Churn(customer=customer, churned_on=YESTERDAY), now=NOW)

    entering.on_events(signups(), NOW)

    assert refusals() == [(customer.pk, "churned")]


@pytest.mark.parametrize("state", [PlaybookState.PAUSED, PlaybookState.RETIRED])
def test_a_playbook_that_is_not_active_lets_nobody_in(state: PlaybookState) -> None:
    playbook = make_playbook(trigger=SIGNED_UP)
    services.set_state(playbook, state, now=NOW)
    make_customer()

    entering.on_events(signups(), NOW)

    assert not Run.objects.exists()


def test_about_the_share_that_is_to_be_held_out_is_and_always_the_same() -> None:
    playbook = make_playbook(trigger={"kind": "schedule"}, holdout_percent=20)

    drawn = [entering.is_held_out(playbook, customer_id) for customer_id in range(1, 5001)]

    assert 0.17 < sum(drawn) / len(drawn) < 0.23
    assert drawn == [entering.is_held_out(playbook, customer_id) for customer_id in range(1, 5001)]


def test_the_held_out_get_a_row_and_no_steps() -> None:
    playbook = make_playbook(trigger={"kind": "schedule"}, holdout_percent=50)
    held = [
        customer for customer in (make_customer() for _ in range(30)) if entering.is_held_out(playbook, customer.pk)
    ]

    entering.look_at_everybody(NOW)

    rows_held = Run.objects.filter(state="held_out")
    assert {run.customer_id for run in rows_held} == {customer.pk for customer in held}
    assert held
    assert not any(run.steps.exists() for run in rows_held)


def test_a_person_may_start_it_whatever_the_conditions_but_not_twice(manager: Any) -> None:
    playbook = make_playbook(manual_step(), entry=rows(("customers.tier", "in", ["enterprise"])))
    customer = make_customer(tier="free")

    run = services.start_run(customer, playbook, by=manager, now=NOW, why="They asked for it.")

    assert (run.entered_because, run.started_by) == ("They asked for it.", manager)
    with pytest.raises(services.ValidationError, match="in it since"):
        services.start_run(customer, playbook, by=manager, now=NOW, why="Again.")


def test_entering_takes_as_many_queries_for_many_as_for_few(django_assert_max_num_queries: Any) -> None:
    make_playbook(tag_step("a"), tag_step("b", day=1), trigger={"kind": "schedule"})
    for _ in range(40):
        make_customer()

    with django_assert_max_num_queries(16):
        entering.look_at_everybody(NOW)

    assert Run.objects.count() == 40


def test_a_draft_playbook_cannot_become_active_without_a_version() -> None:
    playbook = Playbook.objects.create(key="empty", name="Empty", created_at=NOW)

    with pytest.raises(services.ValidationError, match="Publish a version first"):
        services.set_state(playbook, PlaybookState.ACTIVE, now=NOW)
