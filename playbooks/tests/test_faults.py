"""A condition that can be asked no more stops its own version alone, and a person is told once."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F
from django.test import Client
from django.urls import reverse

from agentfactory_cs.customers.conditions import Fact, FactType, facts
from agentfactory_cs.customers.models import Customer, Task
from agentfactory_cs.customers.tests.factories import NOW, make_contact, make_customer
from agentfactory_cs.events.models import Event
from agentfactory_cs.messaging.models import Email, Notice
from agentfactory_cs.messaging.sending import deliver_due
from agentfactory_cs.messaging.tests.conftest import sink
from agentfactory_cs.messaging.tests.sink import Sink
from playbooks import entering, faults, services, watching
from playbooks.models import Fault, Playbook, Refusal, Run
from playbooks.models.run import RunState
from playbooks.working import work_off_due

from .factories import SIGNED_UP, make_playbook, manual_step, rows, states, tag_step
from .test_preview import mail_step

__all__ = ["sink"]
pytestmark = pytest.mark.django_db

ASKS = rows(("tests.seats", "at_least", 5))
DAILY = {"kind": "schedule"}
REASON = "there is no fact 'tests.seats'."
Lose = Callable[[], Fact]


@pytest.fixture
def lose() -> Iterator[Lose]:
    """A fact that is there until it is lost."""
    fact = facts.register(Fact("tests.seats", "Seats", FactType.NUMBER, lambda now: F("id") * 0))
    yield lambda: facts._items.pop(fact.key)
    facts._items.pop(fact.key, None)


def start(playbook: Playbook) -> Run:
    customer = make_customer()
    make_contact(customer, is_primary=True)
    return services.start_run(customer, playbook, now=NOW, why="For a test.")


def test_a_step_whose_condition_cannot_be_asked_waits_and_the_rest_of_the_batch_is_done(lose: Lose) -> None:
    broken, sound = make_playbook(tag_step(condition=ASKS), tag_step("next")), make_playbook()
    held, other = start(broken), start(sound)
    lose()

    work_off_due(now=NOW)

    step = held.steps.get(key="tag")
    assert (states(held), states(other)) == ({"tag": "waiting", "next": "done"}, {"tag": "done"})
    assert step.because.endswith(f"asks what cannot be asked any more. “Tag”: {REASON}")
    assert step.not_before == NOW + timedelta(hours=1)


def test_a_run_whose_exit_condition_cannot_be_asked_does_nothing_and_the_others_go_on(lose: Lose) -> None:
    held, other = (
        start(make_playbook(exit=ASKS)),
        start(make_playbook(tag_step("fine"), exit=rows(("customers.tags", "has", ["stop"])))),
    )
    lose()

    work_off_due(now=NOW)

    assert (states(held), states(other)) == ({"tag": "waiting"}, {"fine": "done"})
    assert "Leaves early: there is no fact" in held.steps.get().because


def test_whoever_has_left_us_leaves_a_run_that_cannot_be_asked_all_the_same(lose: Lose) -> None:
    run = start(make_playbook(exit=ASKS))
    lose()
    Customer.objects.update(lifecycle_stage=Customer.Stage.CHURNED)

    work_off_due(now=NOW)

    run.refresh_from_db()
    assert run.state == RunState.EXITED


def test_what_waited_goes_on_once_it_can_be_asked_again(lose: Lose) -> None:
    run = start(make_playbook(exit=ASKS))
    lose()
    work_off_due(now=NOW)

    facts.register(Fact("tests.seats", "Seats", FactType.NUMBER, lambda now: F("id") * 0))
    work_off_due(now=NOW + timedelta(hours=1))

    run.refresh_from_db()
    assert run.state == RunState.FINISHED


def test_the_mail_of_a_run_that_cannot_be_asked_waits(lose: Lose, sink: Sink) -> None:
    run = start(make_playbook(mail_step("hello", 0), manual_step(), exit=ASKS))
    work_off_due(now=NOW)
    lose()

    deliver_due(clock=lambda: NOW)

    email = Email.objects.get(customer=run.customer)
    assert (email.state, email.not_before) == (Email.State.WAITING, NOW + timedelta(hours=1))
    assert REASON in email.reason


def test_the_daily_look_passes_over_the_one_that_cannot_be_asked(lose: Lose) -> None:
    broken = make_playbook(trigger=DAILY, entry=ASKS, priority=9)
    sound = make_playbook(trigger=DAILY)
    customer = make_customer()
    lose()

    entered = entering.look_at_everybody(NOW)

    assert (entered, [run.playbook for run in Run.objects.all()]) == (1, [sound])
    assert Fault.objects.get().version.playbook == broken
    assert not Task.objects.filter(customer=customer).exists()


def test_an_event_that_names_somebody_to_one_that_cannot_be_asked_is_refused_with_the_reason(lose: Lose) -> None:
    broken = make_playbook(trigger=SIGNED_UP, entry=ASKS, priority=9)
    sound = make_playbook(trigger=SIGNED_UP)
    lose()
    customer = make_customer(signed_up_at=NOW)

    entering.on_events(list(Event.objects.filter(trigger="customers.signed_up")), NOW)

    refusal = Refusal.objects.get(playbook=broken)
    assert (refusal.customer, refusal.reason) == (customer, "unaskable")
    assert f"Enters: {REASON}" in refusal.detail
    assert Run.objects.get().playbook == sound


def test_a_person_may_still_let_somebody_in(lose: Lose, manager: Any) -> None:
    playbook = make_playbook(entry=ASKS)
    lose()

    run = services.start_run(make_customer(), playbook, by=manager, now=NOW, why="They asked.")

    assert (run.state, run.entered_because) == (RunState.RUNNING, "They asked.")


@pytest.mark.parametrize("broken", [{"exit": ASKS}, {"goal": {"when": ASKS, "within_days": 9}}], ids=["exit", "goal"])
def test_the_hourly_look_passes_over_the_one_that_cannot_be_asked(lose: Lose, broken: dict[str, Any]) -> None:
    start(make_playbook(manual_step(), **broken))
    way_out, goal = rows(("customers.tier", "in", ["pro"])), {"when": rows(), "within_days": 9}
    Customer.objects.update(tier="free")
    out = start(make_playbook(manual_step(), exit=way_out, goal=goal))
    Customer.objects.filter(pk=out.customer_id).update(tier="pro")
    lose()

    let_out, reached = watching.let_out(now=NOW), watching.note_goals(now=NOW)

    assert (let_out, reached) == (1, 1)
    assert Fault.objects.count() == 1


def test_a_person_is_told_once_a_version_and_gets_one_task(lose: Lose, manager: Any) -> None:
    playbook = make_playbook(tag_step(condition=ASKS), exit=ASKS, trigger=DAILY, entry=ASKS)
    runs = [start(playbook) for _ in range(3)]
    type(manager).objects.filter(pk=manager.pk).update(email="mia@agentfactory.example")
    lose()

    for hour in range(3):
        entering.look_at_everybody(NOW + timedelta(hours=hour))
        work_off_due(now=NOW + timedelta(hours=hour))
        watching.let_out(now=NOW + timedelta(hours=hour))

    fault = Fault.objects.get()
    task = Task.objects.get()
    assert (fault.task, task.owner, task.customer) == (task, manager, runs[0].customer)
    assert task.title == f"Put right: {fault.version} cannot go on"
    assert Notice.objects.filter(kind=faults.NOTICE, recipient=manager).count() == 1


def test_a_fault_is_closed_with_its_task_once_it_can_be_asked_again(lose: Lose) -> None:
    start(make_playbook(exit=ASKS))
    lose()
    work_off_due(now=NOW)
    before = faults.mend(now=NOW)

    facts.register(Fact("tests.seats", "Seats", FactType.NUMBER, lambda now: F("id") * 0))
    after = faults.mend(now=NOW + timedelta(hours=1))

    assert (before, after) == (0, 1)
    assert Fault.objects.get().mended_at == NOW + timedelta(hours=1)
    assert Task.objects.get().status == Task.Status.DONE


def test_a_fault_is_closed_when_nobody_goes_by_its_version_any_more(lose: Lose) -> None:
    playbook = make_playbook(exit=ASKS)
    run = start(playbook)
    lose()
    work_off_due(now=NOW)
    definition = run.version.definition
    services.save_draft(playbook, {**definition, "exit": None}, now=NOW)
    services.publish(playbook, reason="Without it.", now=NOW)
    while_inside = faults.mend(now=NOW)

    services.stop_run(run, reason="It cannot go on.", now=NOW)

    assert (while_inside, faults.mend(now=NOW)) == (0, 1)


def test_of_a_version_one_fault_is_open_at_most() -> None:
    version = make_playbook().versions.get()
    Fault.objects.create(version=version, reason="Once.", noticed_at=NOW, mended_at=NOW)
    Fault.objects.create(version=version, reason="Once more.", noticed_at=NOW)

    with pytest.raises(IntegrityError, match="fault_one_open_a_version"), transaction.atomic():
        Fault.objects.create(version=version, reason="And again.", noticed_at=NOW)


def test_the_page_says_which_version_cannot_go_on_and_how_many_stand_still(
    lose: Lose, console: Client, at_now: None
) -> None:
    playbook = make_playbook(exit=ASKS)
    start(playbook)
    lose()
    work_off_due(now=NOW)

    page = console.get(reverse("admin:playbooks_playbook_change", args=(playbook.pk,))).content.decode()

    assert "Version 1 cannot go on" in page
    assert "1 run goes by it and stands still where it is asked" in page
