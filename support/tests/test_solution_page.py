"""The page on which a customer says whether it is solved: looking changes nothing, saying so counts once."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client

from agentfactory_cs.customers.tests.factories import NOW
from agentfactory_cs.events.models import Event
from support.following.questions import token_of
from support.following.working import follow_up
from support.mail_queries import satisfaction_with
from support.models import SolutionQuestion, Ticket
from support.threads import customer_wrote
from support.writing import Written

from .waits import days, resolved, told

Status = Ticket.Status


@pytest.fixture
def at_noon() -> Iterator[Any]:
    with time_machine.travel(days(1), tick=False) as clock:
        yield clock


@pytest.fixture
def question(at_noon: Any) -> SolutionQuestion:
    resolved()
    follow_up(now=NOW)
    return SolutionQuestion.objects.get()


def page(question: SolutionQuestion, said: str) -> str:
    return f"/support/solved/{token_of(question.pk)}/{said}/"


@pytest.mark.django_db
@pytest.mark.parametrize("said", ["yes", "no"])
def test_looking_at_the_page_changes_nothing(client: Client, question: SolutionQuestion, said: str) -> None:
    answer = client.get(page(question, said))

    question.refresh_from_db()
    assert answer.status_code == 200
    assert "“Help”" in answer.content.decode()
    assert (question.answered_at, question.ticket.status) == (None, Status.RESOLVED)


@pytest.mark.django_db
def test_no_opens_the_ticket_again_with_what_is_missing_and_counts_once(
    client: Client, question: SolutionQuestion
) -> None:
    first = client.post(page(question, "no"), {"comment": "Still broken."})
    second = client.post(page(question, "no"), {"comment": "Still!"})

    ticket = Ticket.objects.get()
    assert (first.status_code, second.status_code) == (302, 409)
    assert (ticket.status, ticket.reopened, ticket.waiting_since) == (Status.OPEN, 1, days(1))
    assert ticket.messages.latest("pk").text == "Still broken."
    assert satisfaction_with(ticket).is_solved is False
    assert Event.objects.get(trigger="support.solution_judged").data["solved"] is False


@pytest.mark.django_db
def test_yes_leaves_the_ticket_as_it_is(client: Client, question: SolutionQuestion) -> None:
    client.post(page(question, "yes"))

    ticket = Ticket.objects.get()
    assert (ticket.status, ticket.reopened) == (Status.RESOLVED, 0)
    assert satisfaction_with(ticket).is_solved is True
    assert "We are glad" in client.get(page(question, "yes")).content.decode()


@pytest.mark.django_db
def test_no_on_a_ticket_that_is_open_already_is_noted_and_opens_nothing(
    client: Client, question: SolutionQuestion
) -> None:
    customer_wrote(question.ticket, Written("Not yet."), now=days(0.5))

    client.post(page(question, "no"))

    ticket = Ticket.objects.get()
    assert (ticket.reopened, ticket.messages.count()) == (1, 2)
    assert "The customer says that it is not solved." in told(ticket)


@pytest.mark.django_db
def test_after_fourteen_days_the_question_is_closed(client: Client, question: SolutionQuestion, at_noon: Any) -> None:
    at_noon.move_to(days(14.1))

    seen, said = client.get(page(question, "no")), client.post(page(question, "no"))

    assert (seen.status_code, said.status_code) == (410, 409)
    assert Ticket.objects.get().status == Status.RESOLVED


@pytest.mark.django_db
def test_a_comment_that_is_too_long_is_refused_and_kept_in_the_form(client: Client, question: SolutionQuestion) -> None:
    answer = client.post(page(question, "no"), {"comment": "x" * 4_001})

    question.refresh_from_db()
    assert answer.status_code == 400
    assert "xxx" in answer.content.decode()
    assert question.answered_at is None


@pytest.mark.django_db
def test_a_link_that_we_did_not_make_is_unknown(client: Client, question: SolutionQuestion) -> None:
    assert client.get("/support/solved/made-up:x/yes/").status_code == 404
    assert client.get(page(question, "maybe")).status_code == 404
