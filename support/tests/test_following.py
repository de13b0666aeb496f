"""What follows by itself: reminders, resolving, the question, the survey, closing; each once, and never too much."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
import time_machine
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.tests.factories import NOW, make_contact, make_customer, make_user
from agentfactory_cs.events.models import Event
from agentfactory_cs.messaging.asking import ask_survey
from agentfactory_cs.messaging.models import Email, SurveyRequest
from agentfactory_cs.messaging.sending import deliver_due
from agentfactory_cs.messaging.tests.conftest import sink
from agentfactory_cs.messaging.tests.sink import Sink
from support.following.questions import addresses, token_of
from support.following.rules import REST, Standing, Step, next_step
from support.following.working import follow_up
from support.mail_queries import satisfaction_with
from support.models import SolutionQuestion, Ticket
from support.moving import move
from support.opening import Asked, open_ticket
from support.threads import answer, customer_wrote
from support.writing import Written

__all__ = ["sink"]
Status = Ticket.Status


def days(number: float) -> Any:
    return NOW + timedelta(days=number)


def ask(**fields: Any) -> Ticket:
    customer: Customer = fields.pop("customer", None) or make_customer()
    contact = fields.pop("contact", None) or make_contact(customer, is_primary=True, email="ada@customer.example")
    written = Written("It does not work.")
    return open_ticket(
        Asked("Help", written, "api", customer=customer, contact=contact, language="en", **fields), now=NOW
    )


def waiting(**fields: Any) -> Ticket:
    """Answered, with a question of ours, since NOW."""
    ticket = ask(**fields)
    answer(ticket, Written("Which version?"), by=make_user(), to_status=Status.PENDING, now=NOW)
    ticket.refresh_from_db()
    return ticket


def resolved(*, with_words: bool = False, **fields: Any) -> Ticket:
    ticket = ask(**fields)
    if with_words:
        answer(ticket, Written("Restart it."), by=make_user(), to_status=Status.RESOLVED, now=NOW)
    else:
        move(ticket, Status.RESOLVED, by=make_user(), now=NOW)
    ticket.refresh_from_db()
    return ticket


def pass_days(number: int, *, since: int = 0) -> None:
    """Hour by hour, as the schedule would."""
    for hour in range(since * 24, number * 24 + 1):
        follow_up(now=NOW + timedelta(hours=hour))


def mails(ticket: Ticket) -> list[tuple[str, int]]:
    """What was put into the outbox, each with the day."""
    found = Email.objects.filter(source="support.ticket", source_id=ticket.pk).order_by("pk")
    return [(key, (created - NOW).days) for key, created in found.values_list("template__key", "created_at")]


def told(ticket: Ticket) -> list[str]:
    return list(ticket.changes.filter(kind="reminded").values_list("words", flat=True))


@pytest.mark.django_db
def test_who_does_not_answer_is_reminded_twice_then_the_ticket_is_resolved_and_at_last_closed() -> None:
    ticket = waiting()

    pass_days(16)

    ticket.refresh_from_db()
    assert mails(ticket) == [
        ("support_pending_reminder", 2),
        ("support_pending_reminder", 5),
        ("support_closed_for_silence", 7),
    ]
    assert (ticket.status, ticket.resolved_at, ticket.closed_at) == (Status.CLOSED, days(7), days(14))
    assert ticket.follow_up_at is None
    moves = list(ticket.changes.filter(kind="status").order_by("pk").values_list("words", flat=True))
    assert moves[-2:] == [
        "Waiting for the customer → Resolved. The customer did not answer our questions.",
        "Resolved → Closed. Nobody came back to it for 7 days.",
    ]


@pytest.mark.django_db
def test_each_step_is_done_once_whatever_is_repeated() -> None:
    ticket = waiting()

    for _again in range(3):
        follow_up(now=days(2))

    assert mails(ticket) == [("support_pending_reminder", 2)]


@pytest.mark.django_db
def test_after_a_week_in_which_nobody_worked_the_steps_come_a_day_apart() -> None:
    ticket = waiting()

    pass_days(13, since=9)

    assert [day for _key, day in mails(ticket)] == [9, 10, 11]


@pytest.mark.django_db
def test_a_reply_ends_it_and_takes_back_what_waits_to_go_out() -> None:
    ticket = waiting()
    night = NOW.replace(hour=22) + timedelta(days=2)
    follow_up(now=night)

    customer_wrote(ticket, Written("Version 3."), now=night + timedelta(hours=1))
    pass_days(10, since=4)

    (mail,) = Email.objects.filter(source="support.ticket")
    assert (mail.state, mail.sent_at) == ("withheld", None)
    assert "The customer wrote." in mail.reason
    ticket.refresh_from_db()
    assert (ticket.status, ticket.pending_since, ticket.follow_up_at) == (Status.OPEN, None, None)


@pytest.mark.django_db
def test_another_answer_of_ours_begins_the_wait_anew() -> None:
    ticket = waiting()

    answer(ticket, Written("Or send us a log."), by=make_user(), now=days(1.5))
    pass_days(4)

    assert mails(ticket) == [("support_pending_reminder", 3)]


@pytest.mark.django_db
def test_reminders_go_out_by_day_where_their_reader_is(sink: Sink) -> None:
    contact = make_contact(make_customer(), is_primary=True, email="aiko@customer.example", time_zone="Asia/Tokyo")
    waiting(customer=contact.customer, contact=contact)

    follow_up(now=days(2))

    mail = Email.objects.get(source="support.ticket")
    assert mail.due_at.isoformat() == "2026-07-03T23:00:00+00:00"


@pytest.mark.django_db
def test_a_mail_that_was_claimed_already_is_not_sent_once_the_ticket_is_open(sink: Sink) -> None:
    ticket = waiting()
    follow_up(now=days(2))
    Ticket.objects.filter(pk=ticket.pk).update(status=Status.OPEN, pending_since=None)

    deliver_due(clock=lambda: days(3), pause=lambda seconds: None)

    mail = Email.objects.get(source="support.ticket")
    assert (mail.state, mail.reason) == ("withheld", "The ticket is open again.")


@pytest.mark.django_db
def test_a_ticket_that_a_machine_opened_is_followed_up_without_mail() -> None:
    ticket = waiting(is_automatic=True)

    pass_days(16)

    ticket.refresh_from_db()
    assert ticket.status == Status.CLOSED
    assert mails(ticket) == []
    assert set(told(ticket)) == {
        "Nothing was sent: an automatic mail opened this ticket, and machines are not written to."
    }
    assert not SurveyRequest.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(("with_words", "template"), [(True, "support_solved_question"), (False, "support_resolved")])
def test_whoever_was_helped_is_asked_whether_that_solved_it(with_words: bool, template: str) -> None:
    ticket = resolved(with_words=with_words)

    follow_up(now=NOW)

    mail = Email.objects.get(source="support.ticket")
    question = SolutionQuestion.objects.get()
    assert mails(ticket) == [(template, 0)]
    assert mail.context["follow_up"] == addresses(question)
    assert (mail.due_at > NOW) is with_words


@pytest.mark.django_db
def test_the_survey_comes_a_day_later_about_the_ticket_once() -> None:
    ticket = resolved()
    pass_days(8)

    request = SurveyRequest.objects.get()

    assert (request.survey.kind, request.source, request.source_id) == ("support_csat", "support.ticket", ticket.pk)
    assert (request.asked_at, request.about, request.state) == (days(1), "Help", "open")
    assert satisfaction_with(ticket).survey == request


@pytest.mark.django_db
def test_who_was_asked_not_long_ago_gets_no_survey_and_the_ticket_says_why() -> None:
    ticket = resolved()
    assert ticket.customer
    ask_survey(customer=ticket.customer, kind="support_csat", contact=ticket.contact, now=days(-3))

    pass_days(2)

    assert told(ticket)[-1].startswith("No survey: They were asked on")


@pytest.mark.django_db
def test_a_stranger_is_asked_whether_it_is_solved_and_gets_no_survey() -> None:
    ticket = open_ticket(Asked("Help", Written("Hi"), "mail", requester_address="eve@stranger.example"), now=NOW)
    move(ticket, Status.RESOLVED, now=NOW)

    pass_days(2)

    assert mails(ticket) == [("support_resolved", 0)]
    assert told(ticket)[-1] == "No survey: whoever asked is no contact of a customer."


@pytest.mark.django_db
def test_who_is_found_by_the_address_they_wrote_from_gets_the_survey() -> None:
    customer = make_customer()
    ada = make_contact(customer, email="Ada@customer.example")
    asked = Asked("Help", Written("Hi"), "mail", customer=customer, requester_address="ada@customer.example")
    move(open_ticket(asked, now=NOW), Status.RESOLVED, now=NOW)

    pass_days(1)

    assert SurveyRequest.objects.get().contact == ada


@pytest.mark.django_db
def test_a_ticket_that_was_opened_again_gets_no_survey() -> None:
    ticket = resolved()

    customer_wrote(ticket, Written("Not at all."), now=days(0.5))
    pass_days(8)

    assert not SurveyRequest.objects.exists()


# -- The page ----------------------------------------------------------------------------------


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


# -- The rules ---------------------------------------------------------------------------------

PENDING = Standing("pending", pending_since=NOW)
RESOLVED = Standing("resolved", resolved_at=NOW)


@pytest.mark.parametrize(
    ("standing", "step", "day"),
    [
        (PENDING, Step.REMINDER, 2),
        (Standing("pending", pending_since=NOW, done=["reminder"], done_at=days(2)), Step.SECOND_REMINDER, 5),
        (
            Standing("pending", pending_since=NOW, done=["reminder", "second_reminder"], done_at=days(5)),
            Step.GIVE_UP,
            7,
        ),
        (RESOLVED, Step.QUESTION, 0),
        (Standing("resolved", resolved_at=NOW, done=["question"], done_at=NOW), Step.SURVEY, 1),
        (Standing("resolved", resolved_at=NOW, done=["question", "survey"], done_at=days(1)), Step.CLOSE, 7),
        (Standing("closed", resolved_at=NOW, done=["question"], done_at=NOW), Step.SURVEY, 1),
    ],
)
def test_what_comes_next_and_when(standing: Standing, step: Step, day: int) -> None:
    following = next_step(standing)

    assert following
    assert (following.step, following.at) == (step, days(day))


@pytest.mark.parametrize(
    "standing",
    [
        Standing("new"),
        Standing("open"),
        Standing("closed"),
        Standing("pending"),
        Standing("closed", resolved_at=NOW, is_merged=True),
        Standing("closed", resolved_at=NOW, done=["question", "survey"], done_at=days(1)),
    ],
)
def test_nothing_follows_where_we_have_the_word_or_it_is_over(standing: Standing) -> None:
    assert next_step(standing) is None


@given(st.lists(st.floats(0, 20), max_size=8), st.sampled_from(["pending", "resolved"]))
def test_however_late_the_steps_are_done_they_come_in_order_a_day_apart(late_days: list[float], status: str) -> None:
    done: list[str] = []
    moments = []
    for late in late_days:
        standing = Standing(status, NOW, NOW, done, moments[-1] if moments else None)
        if (following := next_step(standing)) is None:
            break
        done.append(following.step)
        moments.append(following.at + timedelta(days=late))

    plan = {"pending": ["reminder", "second_reminder", "give_up"], "resolved": ["question", "survey", "close"]}
    assert done == plan[status][: len(done)]
    assert all(after - before >= REST for before, after in pairwise(moments))
