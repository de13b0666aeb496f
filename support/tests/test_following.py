"""What follows by itself: reminders, resolving, the question, the survey, closing; each once, and never too much."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentfactory_cs.customers.tests.factories import NOW, make_contact, make_customer, make_user
from agentfactory_cs.messaging.asking import ask_survey
from agentfactory_cs.messaging.models import Email, SurveyRequest
from agentfactory_cs.messaging.sending import deliver_due
from agentfactory_cs.messaging.tests.conftest import sink
from agentfactory_cs.messaging.tests.sink import Sink
from support.following.questions import addresses
from support.following.rules import REST, Standing, Step, next_step
from support.following.working import follow_up
from support.mail_queries import satisfaction_with
from support.models import SolutionQuestion, Ticket
from support.moving import move
from support.opening import Asked, open_ticket
from support.threads import answer, customer_wrote
from support.writing import Written

from .waits import days, mails, pass_days, resolved, told, waiting

__all__ = ["sink"]
Status = Ticket.Status


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
    moments: list[datetime] = []
    for late in late_days:
        standing = Standing(status, NOW, NOW, done, moments[-1] if moments else None)
        if (following := next_step(standing)) is None:
            break
        done.append(following.step)
        moments.append(following.at + timedelta(days=late))

    plan = {"pending": ["reminder", "second_reminder", "give_up"], "resolved": ["question", "survey", "close"]}
    assert done == plan[status][: len(done)]
    assert all(after - before >= REST for before, after in pairwise(moments))
