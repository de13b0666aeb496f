"""The playbook for who is stuck: mail, call, manager; once a stuck period, and only until it goes on."""

from typing import Any

import pytest

from agentfactory_cs.customers.models import Churn, Customer, Task
from agentfactory_cs.customers.services import record_churn
from agentfactory_cs.customers.tests.factories import make_contact, make_member
from agentfactory_cs.messaging.models import Email, Notice
from agentfactory_cs.messaging.tests.sink import Sink
from onboarding.by_hand import tick
from onboarding.models import Onboarding, StuckPeriod
from playbooks.models import Run

from .living import Life, activate, after, finish, sign_up

pytestmark = pytest.mark.django_db


@pytest.fixture
def clara() -> Any:
    return make_member("CSM", "clara", first_name="Clara", last_name="Fischer", email="clara@agentfactory.example")


@pytest.fixture
def customer(clara: Any, sink: Sink) -> Customer:
    """Logged in on the first day, and then nothing more: late with the first agent from day 7 on, silent from 6."""
    activate("stuck_in_onboarding")
    customer = sign_up(success_manager=clara).customer
    make_contact(customer, is_primary=True, email="ada@example.com")
    for key in ("account_provisioned", "first_login"):
        tick(customer, key, now=after(1))
    return customer


def run_of(customer: Customer) -> Run:
    return Run.objects.filter(customer=customer, playbook__key="stuck_in_onboarding").latest("pk")


def rungs(customer: Customer) -> dict[str, str]:
    return dict(run_of(customer).steps.values_list("key", "state"))


def test_a_stalled_customer_climbs_all_three_rungs_as_days_pass(
    customer: Customer, clara: Any, manager: Any, sink: Sink
) -> None:
    manager.email = "mia@agentfactory.example"
    manager.save()
    life = Life()

    life.pass_to(5.9)
    before = Run.objects.exists()
    life.pass_to(6.1)
    first = rungs(customer)
    life.pass_to(8.1)
    second = rungs(customer)
    life.pass_to(10.1)
    third = rungs(customer)

    assert before is False
    assert first == {"nudge": "done", "call": "waiting", "escalation": "waiting"}
    assert second == {"nudge": "done", "call": "with_person", "escalation": "waiting"}
    assert third == {"nudge": "done", "call": "with_person", "escalation": "with_person"}
    call, escalation = Task.objects.order_by("pk")
    assert (call.kind, call.owner, escalation.owner) == ("call", clara, manager)
    assert "Nothing was reached since 2 July 2026, for 5 days. Next is: First agent created." in escalation.description
    (mail,) = sink.mails
    assert mail["To"].endswith("<ada@example.com>")
    assert "first agent" in mail["Subject"]
    notice = Notice.objects.get()
    assert (notice.recipient, notice.subject) == (manager, f"{customer}: Decide how this customer gets going")


def test_it_is_one_intervention_a_stuck_period_however_long_that_lasts(customer: Customer, sink: Sink) -> None:
    life = Life()

    life.pass_to(20)

    assert Run.objects.count() == 1
    assert StuckPeriod.objects.count() == 1
    assert (len(sink.mails), Task.objects.count()) == (1, 2)


def test_who_goes_on_leaves_it_and_its_tasks_are_taken_back(customer: Customer) -> None:
    life = Life()
    life.pass_to(8.1)

    tick(customer, "first_agent", now=after(8.2))
    life.pass_to(8.3)

    run = run_of(customer)
    assert run.state == "exited"
    assert run.ended_because.startswith("Its exit condition holds: Stuck in onboarding")
    assert rungs(customer) == {"nudge": "done", "call": "cancelled", "escalation": "cancelled"}
    assert Task.objects.get().status == Task.Status.SKIPPED
    assert StuckPeriod.objects.get().ended_because == "First agent created was reached on 9 July 2026."


def test_who_gets_stuck_again_is_helped_again(customer: Customer) -> None:
    life = Life()
    life.pass_to(6.1)
    tick(customer, "first_agent", now=after(6.5))

    life.pass_to(12)

    assert [period.blocker for period in StuckPeriod.objects.order_by("pk")] == ["first_agent", "knowledge_base"]
    assert Run.objects.count() == 2


def test_a_mail_that_waits_for_the_morning_is_not_sent_to_who_goes_on_meanwhile(customer: Customer, sink: Sink) -> None:
    customer.contacts.update(time_zone="Pacific/Auckland")
    life = Life()
    life.pass_to(6.1)
    waiting = Email.objects.get().state
    tick(customer, "first_agent", now=after(6.1))

    life.pass_to(7.5)

    email = Email.objects.get()
    assert (waiting, email.state) == ("waiting", "withheld")
    assert sink.mails == []


def test_nobody_is_asked_by_mail_for_what_is_ours_to_do(clara: Any, sink: Sink) -> None:
    activate("stuck_in_onboarding")
    customer = sign_up(success_manager=clara).customer
    make_contact(customer, is_primary=True)

    Life().pass_to(3.1)

    assert rungs(customer)["nudge"] == "skipped"
    assert "Stuck at" in run_of(customer).steps.get(key="nudge").because
    assert not Email.objects.exists()


def test_a_departure_ends_period_and_intervention(customer: Customer) -> None:
    life = Life()
    life.pass_to(8.1)

    record_churn(Churn(customer=customer, churned_on=after(8).date()), now=after(8.1))
    life.pass_to(8.3)

    assert Onboarding.objects.get().state == "ended"
    assert StuckPeriod.objects.get().ended_because == "Onboarding is over: The customer has left us."
    assert run_of(customer).state == "exited"


def test_a_finished_call_is_written_on_the_run_and_the_manager_is_still_told_if_it_did_not_help(
    customer: Customer, manager: Any
) -> None:
    life = Life()
    life.pass_to(8.1)

    finish(Task.objects.get(), outcome="They wait for their IT.", now=after(8.2))
    life.pass_to(10.1)

    assert run_of(customer).steps.get(key="call").because == "They wait for their IT."
    assert rungs(customer) == {"nudge": "done", "call": "done", "escalation": "with_person"}
