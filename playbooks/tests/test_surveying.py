"""Surveys that playbooks put to customers."""

from datetime import timedelta

import pytest

from agentfactory_cs.customers.models import Task
from agentfactory_cs.customers.tests.factories import NOW, make_contact, make_customer, make_member
from agentfactory_cs.events.models import Event
from agentfactory_cs.messaging import suppression
from agentfactory_cs.messaging.answering import answer
from agentfactory_cs.messaging.asking import ask_survey
from agentfactory_cs.messaging.models import Email, Survey, SurveyRequest
from agentfactory_cs.messaging.sending import deliver_due
from agentfactory_cs.messaging.tests.conftest import sink
from agentfactory_cs.messaging.tests.sink import Sink
from playbooks import services
from playbooks.entering import on_events
from playbooks.models import Playbook, Run
from playbooks.models.playbook import PlaybookState
from playbooks.working import work_off_due

from .factories import make_playbook, manual_step

__all__ = ["sink"]
pytestmark = pytest.mark.django_db
State = SurveyRequest.State


def survey_step(survey: str = "nps") -> dict[str, object]:
    action = {"kind": "action", "action": "messaging.ask_survey", "params": {"survey": survey}}
    return {"key": "survey", "title": "Survey", "day": 0, **action}


def started(survey: str = "nps", *, has_contact: bool = True) -> Run:
    customer = make_customer()
    if has_contact:
        make_contact(customer, is_primary=True, name="Ada", email="ada@example.com")
    playbook = make_playbook(survey_step(survey), manual_step(day=9), name="Rescue")
    return services.start_run(customer, playbook, now=NOW, why="For a test.")


def test_a_step_asks_the_primary_contact_once(sink: Sink) -> None:
    run = started()

    work_off_due(now=NOW)
    deliver_due(clock=lambda: NOW, pause=lambda seconds: None)

    step, request = run.steps.get(key="survey"), SurveyRequest.objects.get()
    assert (step.state, step.because) == ("done", "The survey “NPS” goes to Ada.")
    assert step.result == {"request": request.pk, "email": request.mail_id}
    assert (request.source, request.source_id, request.state) == ("playbooks.step", step.pk, State.OPEN)
    assert sink.recipients == ["ada@example.com"]


@pytest.mark.parametrize(("survey", "is_automatic"), [("nps", True), ("onboarding_csat", False)])
def test_what_somebody_just_went_through_is_asked_without_quiet_hours_and_cap(survey: str, is_automatic: bool) -> None:
    started(survey)

    work_off_due(now=NOW)

    assert Email.objects.get().is_automatic == is_automatic


def unsubscribed() -> None:
    suppression.suppress("ada@example.com", reason="unsubscribed", now=NOW)


def test_whoever_may_not_be_asked_is_passed_over_with_the_reason() -> None:
    run = started()
    unsubscribed()

    work_off_due(now=NOW)

    step = run.steps.get(key="survey")
    assert (step.state, step.because) == ("skipped", "The contact unsubscribed from all topics.")
    assert SurveyRequest.objects.get().state == State.NOT_ASKED
    assert not Email.objects.exists()


def test_a_customer_without_a_primary_contact_is_passed_over() -> None:
    run = started(has_contact=False)

    work_off_due(now=NOW)

    assert run.steps.get(key="survey").because == "The customer has no primary contact."


def test_a_survey_that_is_switched_off_is_passed_over() -> None:
    Survey.objects.update(is_active=False)
    run = started()

    work_off_due(now=NOW)

    assert run.steps.get(key="survey").because == "The survey “NPS” is switched off."


def test_a_run_that_is_stopped_before_the_mail_goes_out_asks_nobody(sink: Sink) -> None:
    run = started()
    work_off_due(now=NOW)

    services.stop_run(run, reason="They asked us to.", now=NOW)
    deliver_due(clock=lambda: NOW + timedelta(minutes=1), pause=lambda seconds: None)

    email = Email.objects.get()
    assert (email.state, email.reason) == ("withheld", "Rescue ended for this customer: They asked us to.")
    assert not sink.mails


@pytest.mark.parametrize(("score", "enters"), [(6, True), (7, False)])
def test_a_low_answer_gives_the_success_manager_a_call_to_make(score: int, enters: bool) -> None:
    low = Playbook.objects.get(key="low_nps")
    services.publish(low, reason="The survey promises it.", now=NOW)
    services.set_state(low, PlaybookState.ACTIVE, now=NOW)
    manager = make_member("CSM", "clara")
    customer = make_customer(success_manager=manager)
    contact = make_contact(customer, is_primary=True)
    request = ask_survey(customer=customer, contact=contact, kind="nps", now=NOW)

    answer(request, score=score, comment="Too slow.", now=NOW)
    on_events(list(Event.objects.filter(trigger="messaging.survey_answered")), NOW)
    work_off_due(now=NOW)

    tasks = Task.objects.filter(customer=customer).values_list("title", "owner")
    assert list(tasks) == ([("Ask what we can do better", manager.pk)] if enters else [])
