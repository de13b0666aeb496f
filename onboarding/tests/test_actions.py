"""What steps do about onboarding, one by one, through the engine."""

from typing import Any

import pytest

from agentfactory_cs.customers.models import Customer, Goal
from agentfactory_cs.customers.tests.factories import NOW, make_customer
from onboarding import provisioning
from onboarding.by_hand import tick
from onboarding.models import Milestone, Onboarding, ProvisioningStep
from onboarding.models.onboarding import OnboardingState
from onboarding.tasks import look_for_milestones, look_for_stuck, read_success_metrics
from playbooks import services
from playbooks.models import RunStep
from playbooks.tests.factories import days_pass, make_playbook, manual_step

from .living import sign_up, use

pytestmark = pytest.mark.django_db


def act(customer: Customer, action: str, *, days: float = 0, **params: Any) -> RunStep:
    """What became of one step with the action."""
    step = {"key": "step", "title": "Step", "kind": "action", "day": 0, "action": f"onboarding.{action}"}
    run = services.start_run(customer, make_playbook({**step, "params": params}), now=NOW, why="For a test.")
    return days_pass(run, days).steps.get()


def test_a_checklist_begins_where_no_signup_was_told_of() -> None:
    customer = make_customer(signed_up_at=NOW, tier="enterprise")

    step = act(customer, "begin")

    assert step.because == "Dedicated, Enterprise v1: 9 required milestones."
    assert step.result["onboarding"] == Onboarding.objects.get(customer=customer).pk


@pytest.mark.parametrize(
    ("customer", "reason"),
    [
        ({}, "The customer is no newcomer, or not in the stage Onboarding."),
        (
            {"signed_up_at": NOW, "lifecycle_stage": "growth"},
            "The customer is no newcomer, or not in the stage Onboarding.",
        ),
    ],
)
def test_who_is_no_newcomer_gets_none(customer: dict[str, Any], reason: str) -> None:
    step = act(make_customer(**customer), "begin")

    assert (step.state, step.because) == ("skipped", reason)


def test_account_set_up_is_prepared_once() -> None:
    customer = make_customer(signed_up_at=NOW, external_id=None)

    first, second = act(customer, "prepare_provisioning"), act(customer, "prepare_provisioning")

    assert ProvisioningStep.objects.count() == 4
    assert first.because == second.because
    assert "Initial agent: with a person" in first.because


def test_a_step_of_account_set_up_is_waited_for_until_it_is_there() -> None:
    customer = make_customer(signed_up_at=NOW, external_id=None)
    provisioning.prepare([customer], now=NOW)

    before = act(customer, "check_setup", step="account")
    provisioning.mark_done(ProvisioningStep.objects.get(kind="account"), because="Made by hand.", now=NOW)
    after_it = days_pass(before.run, 0.2).steps.get()

    assert before.state == "waiting"
    assert before.because.startswith("With a person: ")
    assert (after_it.state, after_it.because) == ("done", "Made by hand.")


def test_who_made_its_agent_itself_is_not_waited_for() -> None:
    customer = make_customer(signed_up_at=NOW, external_id=None)
    provisioning.prepare([customer], now=NOW)
    tick(customer, "first_agent", now=NOW)

    step = act(customer, "check_setup", step="agent")

    assert (step.state, step.because) == ("done", "First agent created: reached on 2026-07-01.")


def test_whoever_is_through_is_not_set_up_any_more() -> None:
    customer = sign_up("free", external_id=None).customer
    Onboarding.objects.update(state="completed", ended_at=NOW, ended_because="Done.")

    step = act(customer, "prepare_provisioning")

    assert (step.state, step.because) == ("skipped", "Its onboarding is over: Done.")
    assert not ProvisioningStep.objects.exists()


def test_a_step_of_account_set_up_is_not_waited_for_for_ever() -> None:
    customer = make_customer(signed_up_at=NOW, external_id=None)
    provisioning.prepare([customer], now=NOW)

    step = act(customer, "check_setup", step="account", days=3)

    assert step.state == "skipped"
    assert step.because.startswith("Not there after 3 days. With a person: ")


def test_progress_is_written_up() -> None:
    customer = sign_up("free").customer
    act(customer, "reach_milestone", milestone="first_login")

    step = act(customer, "check_progress")

    assert step.because == (
        "1 of 5 required milestones are reached. "
        "Missing: Account provisioned, First agent created, Knowledge base ready, First conversation."
    )
    assert "✓ First login: 1 July 2026" in step.result["brief"]
    assert (step.result["reached"], step.result["of"]) == (1, 5)


def test_a_step_reaches_a_milestone_and_says_where_it_is_from() -> None:
    customer = sign_up("enterprise").customer

    step = act(customer, "reach_milestone", milestone="custom_plan")

    milestone = Milestone.objects.get()
    assert step.because == "Custom plan agreed: reached on 2026-07-01."
    assert (milestone.key, milestone.detail) == ("custom_plan", f"{step.run.playbook}: Step")


@pytest.mark.parametrize("action", ["reach_milestone"])
def test_a_milestone_there_is_not_cannot_be_published(action: str) -> None:
    with pytest.raises(Exception, match="there is no 'first_agnet'"):
        act(sign_up().customer, action, milestone="first_agnet")
    with pytest.raises(Exception, match="there is no 'first_agnet'"):
        make_playbook(manual_step(params={"milestone": "first_agnet"}))


@pytest.mark.parametrize("state", list(OnboardingState))
def test_only_a_running_onboarding_is_completed(state: OnboardingState) -> None:
    onboarding = sign_up("free")
    if state != OnboardingState.RUNNING:
        Onboarding.objects.update(state=state, ended_at=NOW, ended_because="Before.")

    step = act(onboarding.customer, "complete")

    if state == OnboardingState.RUNNING:
        assert step.state == "done"
        assert Onboarding.objects.get().ended_because == step.because
    else:
        assert (step.state, step.because) == ("skipped", "Onboarding is over: Before.")


def test_success_metrics_are_set_once() -> None:
    customer = make_customer(tier="starter")

    first, second = act(customer, "set_success_metrics"), act(customer, "set_success_metrics")

    assert first.because == "Conversations a week: 0, to become 13; Active agents: 0, to become 1."
    assert (second.state, second.because) == ("skipped", "They are set already.")
    assert Goal.objects.count() == 2


def test_the_clocks_tasks_can_run_twice(at_now: None) -> None:
    customer = sign_up("free").customer
    use(customer, 0, logins=1)

    for task in (look_for_milestones, look_for_stuck, read_success_metrics) * 2:
        task()

    assert customer.milestones.get().key == "first_login"
