"""What people are asked to do: who gets the task, what it says, and who is written to."""

from datetime import timedelta
from typing import Any

import pytest

from agentfactory_cs.customers.models import Customer, StaffProfile, Task
from agentfactory_cs.customers.services.relationship import finish_task, reopen_task
from agentfactory_cs.customers.tests.factories import NOW, make_customer, make_member
from agentfactory_cs.events.models import Event
from agentfactory_cs.messaging.models import Notice
from playbooks import entering, people, services, watching
from playbooks.models import PlaybookVersion, Run, RunStep
from playbooks.registry import Action, Context, Outcome, Parameter, actions, done
from playbooks.working import work_off_due

from .factories import days_pass, make_playbook, manual_step

pytestmark = pytest.mark.django_db


def asked(customer: Customer | None = None, *before: dict[str, Any], **params: Any) -> Task:
    """The task of a manual step with these parameters."""
    playbook = make_playbook(*before, manual_step(params=params), name="Rescue")
    run = services.start_run(customer or make_customer(), playbook, now=NOW, why="They called us.")
    work_off_due(now=NOW)
    task = Run.objects.get(pk=run.pk).steps.get(key="call").task
    assert task
    return task


def test_a_task_is_the_success_managers_and_says_what_to_do_and_why() -> None:
    clara = make_member("CSM", "clara")

    task = asked(make_customer(success_manager=clara), description="Ring them up.", due_days=2)

    assert (task.owner, task.due_at) == (clara, NOW + timedelta(days=2))
    assert task.description == "Ring them up.\n\nRescue: They called us."
    assert not Notice.objects.exists()


def test_a_managers_task_goes_to_who_has_the_fewest_open_ones_and_is_here() -> None:
    busy, free, away = (make_member("CS manager", name) for name in ("busy", "free", "away"))
    Task.objects.create(customer=make_customer(), title="Something", owner=busy)
    StaffProfile.objects.create(user=away, away_until=NOW.date() + timedelta(days=1))

    assert asked(owner="cs_manager").owner == free


def test_without_a_cs_manager_the_task_is_nobodys_yet() -> None:
    make_member("CSM", "clara")

    assert asked(owner="cs_manager", by_mail=True).owner is None


def test_what_is_brought_before_the_managers_is_told_to_each_of_them_once() -> None:
    for name in ("mia", "noor"):
        make_member("CS manager", name, email=f"{name}@agentfactory.example", first_name=name.capitalize())
    customer = make_customer(name="Northwind")

    task = asked(customer, owner="cs_manager", by_mail=True, description="Decide.")

    assert set(Notice.objects.values_list("address", "subject")) == {
        ("mia@agentfactory.example", "Northwind: Call"),
        ("noor@agentfactory.example", "Northwind: Call"),
    }
    text = Notice.objects.all()[0].text
    assert "Decide.\n\nRescue: They called us.\n\nThe task is Mia's." in text
    assert f"/customers/customer/{customer.pk}/" in text
    assert task.owner
    assert task.owner.username == "mia"


def test_a_success_manager_is_written_to_where_the_step_says_so() -> None:
    clara = make_member("CSM", "clara", email="clara@agentfactory.example")

    asked(make_customer(success_manager=clara), by_mail=True)

    assert Notice.objects.get().recipient == clara


@pytest.fixture
def writing_up() -> Any:
    """An action that writes something up."""

    def run(context: Context, params: object) -> Outcome:
        return done("Looked at.", brief="2 of 5 are there.")

    actions.register(Action("tests.write_up", "Write up", run))
    yield {"key": "look", "title": "Look", "kind": "action", "day": 0, "action": "tests.write_up"}
    del actions._items["tests.write_up"]


def test_a_task_carries_the_write_up_of_an_earlier_step(writing_up: dict[str, Any]) -> None:
    task = asked(None, writing_up, brief="look", description="Review it.")

    assert task.description == "Review it.\n\n2 of 5 are there.\n\nRescue: They called us."


def test_an_app_above_adds_a_parameter_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "PARAMETERS", list(people.PARAMETERS))
    people.ask_also(Parameter("floor", "Floor", required=False, default=""))

    with pytest.raises(ValueError, match="named 'floor'"):
        people.ask_also(Parameter("floor", "Floor"))


def test_a_run_that_an_event_began_says_what_happened() -> None:
    playbook = make_playbook(manual_step(), trigger={"kind": "event", "event": "customers.signed_up"})
    customer = make_customer(signed_up_at=NOW, tier="pro")

    entering.on_events(list(Event.objects.filter(customer=customer, trigger="customers.signed_up")), NOW)

    run = Run.objects.get(playbook=playbook)
    assert run.entered_because == "Signed up on the Pro tier"
    assert days_pass(run, 0).steps.get().task is not None


def test_a_task_finished_by_mistake_and_open_again_settles_nothing() -> None:
    task = asked()
    finish_task(task, now=NOW)
    reopen_task(task, now=NOW)

    watching.on_events(list(Event.objects.filter(trigger="customers.task_finished")), NOW)

    assert RunStep.objects.get(task=task).state == "with_person"


def test_a_task_that_cannot_be_made_fails_its_own_step_and_no_other_of_the_batch() -> None:
    playbook = make_playbook(manual_step(params={"task_kind": "call"}))
    run = services.start_run(make_customer(), playbook, now=NOW, why="They called us.")
    version = PlaybookVersion(playbook=playbook, number=2, state="published", published_at=NOW, created_at=NOW)
    version.definition = {**run.version.definition, "steps": [{**manual_step(), "params": {"task_kind": "gone"}}]}
    version.save()
    Run.objects.filter(pk=run.pk).update(version=version)
    other = services.start_run(make_customer(), make_playbook(manual_step()), now=NOW, why="They called us.")

    work_off_due(now=NOW)

    broken, fine = RunStep.objects.get(run=run), RunStep.objects.get(run=other)
    assert (broken.state, fine.state) == ("waiting", "with_person")
    assert "there is no 'gone'" in broken.because
