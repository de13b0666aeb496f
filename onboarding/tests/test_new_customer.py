"""The playbook for new customers, as it is shipped: two weeks through the engine, with people doing their part."""

from collections import Counter

import pytest

from agentfactory_cs.customers.models import Customer, Goal, StaffProfile, Task
from agentfactory_cs.customers.tests.factories import NOW, make_contact, make_customer, make_member
from agentfactory_cs.messaging.models import Email, SurveyRequest
from agentfactory_cs.messaging.tests.sink import Sink
from onboarding.by_hand import tick
from onboarding.models import Onboarding, ProvisioningStep
from onboarding.services import send_onboarding_sequence
from playbooks.models import Run

from .living import Life, activate, after, finish, use

pytestmark = pytest.mark.django_db

WELCOME = ("welcome_email", "getting_started", "first_agent", "advanced_features", "best_practices")


def arrive(tier: str, *playbooks: str) -> tuple[Customer, Life]:
    """A customer signs up where the shipped playbooks are at work and a success manager is there."""
    activate("welcome", "new_customer_onboarding", *playbooks)
    clara = make_member("CSM", "clara", first_name="Clara", last_name="Fischer")
    StaffProfile.objects.create(user=clara, languages=["en"])
    life = Life()
    customer = make_customer(tier=tier, signed_up_at=NOW)
    make_contact(customer, is_primary=True, email="ada@example.com")
    life.work(NOW)
    return customer, life


def steps(customer: Customer) -> dict[str, str]:
    run = Run.objects.get(customer=customer, playbook__key="new_customer_onboarding")
    return dict(run.steps.values_list("key", "state"))


def why(customer: Customer, key: str) -> str:
    return Run.objects.get(customer=customer, playbook__key="new_customer_onboarding").steps.get(key=key).because


def task(title: str) -> Task:
    return Task.objects.get(title=title)


def set_up_by_people(customer: Customer, *, days: float) -> None:
    """No platform is configured here: people do it, and finish their tasks."""
    for step in ProvisioningStep.objects.filter(customer=customer, state="with_person").order_by("position"):
        finish(step.task, now=after(days))


def test_the_first_hour_welcomes_sets_up_and_finds_a_success_manager(sink: Sink) -> None:
    customer, _life = arrive("pro")

    customer.refresh_from_db()
    assert [mail["Subject"] for mail in sink.mails]
    assert customer.success_manager
    assert customer.success_manager.username == "clara"
    assert Onboarding.objects.get().version.checklist.tier == "pro"
    assert list(ProvisioningStep.objects.values_list("kind", flat=True).order_by("position")) == [
        "account",
        "configuration",
        "agent",
        "knowledge_base",
    ]
    assert {steps(customer)[key] for key in ("welcome", "checklist", "manager", "configuration")} == {"done"}
    assert why(customer, "checklist") == "Guided, Pro v1: 8 required milestones."


def test_a_guided_customer_is_led_from_signup_to_adoption_and_gets_every_mail_once(sink: Sink) -> None:
    customer, life = arrive("pro")

    life.pass_to(1.5)
    set_up_by_people(customer, days=1.6)
    finish(task("Hold the welcome call"), outcome="Fewer calls to their hotline, by autumn.", now=after(1.7))
    use(customer, *range(2, 14), logins=3, active_agents=2, conversations=40)
    life.pass_to(14.5)
    review = task("Review of the first two weeks")
    finish(review, outcome="They go on alone.", now=after(15))
    life.pass_to(16)

    customer.refresh_from_db()
    onboarding = Onboarding.objects.get()
    assert set(steps(customer).values()) <= {"done", "skipped"}
    assert {key for key, state in steps(customer).items() if state == "skipped"} == {
        # Of other tiers, and nobody was stuck.
        *("kickoff", "plan", "follow_up", "self_service")
    }
    assert (onboarding.state, customer.lifecycle_stage) == ("completed", "adoption")
    assert onboarding.ended_because == (
        "The review of day 14 is done. They go on alone. "
        "7 of 8 required milestones are reached. Missing: Training completed. Late: Training completed."
    )
    assert "– Training completed: expected by 15 July 2026" in review.description
    assert dict(customer.milestones.values_list("key", "source"))["onboarding_call"] == "task"
    sent = Counter(Email.objects.filter(state="sent").values_list("template__key", flat=True))
    assert sent == Counter([*WELCOME, "onboarding_csat_survey"])
    assert len(sink.mails) == 6
    assert set(Goal.objects.values_list("title", flat=True)) == {"Conversations a week", "Active agents"}
    assert SurveyRequest.objects.get().state == "open"


def test_who_helps_itself_is_done_when_the_list_is_and_gets_the_rest_of_the_mails(sink: Sink) -> None:
    customer, life = arrive("free")

    life.pass_to(1)
    set_up_by_people(customer, days=1.1)
    use(customer, 2, 3, logins=1, active_agents=1, conversations=2)
    life.pass_to(4)
    early = Onboarding.objects.get()
    asked = SurveyRequest.objects.count()
    life.pass_to(16)

    assert (early.state, early.ended_because) == ("completed", "All 5 required milestones are reached.")
    assert (asked, SurveyRequest.objects.count()) == (1, 2)
    assert SurveyRequest.objects.get(source="playbooks.step").state == "not_asked"
    assert why(customer, "self_service") == "Onboarding is over: All 5 required milestones are reached."
    assert steps(customer)["metrics"] == "skipped"
    assert not Task.objects.exclude(title__contains=":").filter(status="open").exists()
    sent = Counter(Email.objects.filter(state="sent").values_list("template__key", flat=True))
    assert sent == Counter([*WELCOME, "onboarding_csat_survey"])


def test_who_helps_itself_but_has_no_agent_by_day_14_is_not_called_adopted(sink: Sink) -> None:
    customer, life = arrive("free")

    life.pass_to(15)

    customer.refresh_from_db()
    assert customer.lifecycle_stage == Customer.Stage.ONBOARDING
    assert steps(customer)["self_service"] == "skipped"
    assert "First agent created" in why(customer, "self_service")
    assert not SurveyRequest.objects.exists()


def test_an_enterprise_is_led_by_kickoff_and_plan(sink: Sink) -> None:
    customer, life = arrive("enterprise")
    life.pass_to(1.5)

    finish(task("Hold the kickoff"), now=after(1.6))
    life.pass_to(2.5)
    finish(task("Agree on their own plan"), now=after(2.6))
    life.pass_to(3)

    assert {"kickoff", "custom_plan"} <= set(customer.milestones.values_list("key", flat=True))
    assert steps(customer)["call"] == "skipped"


def test_the_follow_up_call_of_day_7_carries_what_is_missing(sink: Sink) -> None:
    _customer, life = arrive("starter")

    life.pass_to(7.2)

    call = task("Follow-up call about what is in the way")
    assert "0 of 6 required milestones are reached. Missing: Account provisioned, First login" in call.description
    assert "– First agent created: expected by 6 July 2026" in call.description


def test_who_is_called_because_it_is_stuck_is_not_called_twice(sink: Sink) -> None:
    customer, life = arrive("starter", "stuck_in_onboarding")

    life.pass_to(7.2)

    assert steps(customer)["follow_up"] == "skipped"
    assert Task.objects.filter(title__startswith="Call them").count() == 1


def test_whoever_is_in_the_welcome_sequence_already_gets_no_mail_twice(sink: Sink) -> None:
    activate("welcome", "new_customer_onboarding")
    life = Life()
    customer = make_customer(tier="free", signed_up_at=NOW)
    make_contact(customer, is_primary=True, email="ada@example.com")
    send_onboarding_sequence(customer.pk, "welcome", now=NOW)

    life.work(NOW)
    life.pass_to(4)

    sent = Counter(Email.objects.filter(state="sent").values_list("template__key", flat=True))
    assert sent == Counter(WELCOME[:3])
    assert steps(customer)["welcome"] == "skipped"
    assert steps(customer)["guide"] == "done"


def test_a_mail_that_does_not_go_out_is_passed_over_with_its_reason(sink: Sink) -> None:
    customer, life = arrive("free")
    customer.contacts.update(mail_status="unsubscribed")

    life.pass_to(2)

    assert steps(customer)["guide"] == "skipped"
    assert "unsubscribed" in why(customer, "guide").lower()


def test_a_review_that_was_skipped_completes_nothing(sink: Sink) -> None:
    customer, life = arrive("pro")
    life.pass_to(14.5)

    finish(task("Review of the first two weeks"), status="skipped", outcome="They are away.", now=after(14.6))
    life.pass_to(15)

    assert Onboarding.objects.get().state == "running"
    assert why(customer, "guided") == "The review was not done."


def test_moving_on_by_hand_ends_what_was_planned_for_the_newcomer(sink: Sink) -> None:
    customer, life = arrive("starter")
    for item in Onboarding.objects.get().version.plan.required():
        tick(customer, item.key, now=after(0.5))

    life.pass_to(15)

    assert Onboarding.objects.get().state == "completed"
    assert steps(customer)["progress"] == "done"
    assert why(customer, "progress") == "All 6 required milestones are reached."
