"""The automatic first answer: articles where they are sure to fit, else an acknowledgement, else a reason why not."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agentfactory_cs.customers.models import Contact
from agentfactory_cs.customers.tests.factories import NOW, make_contact, make_customer, make_user
from agentfactory_cs.messaging.guards import objections
from agentfactory_cs.messaging.letter import Sender, letter
from agentfactory_cs.messaging.models import Email
from support import moving, threads
from support.knowledge import answering, measuring, verdicts
from support.knowledge.answering import SOURCE
from support.knowledge.deciding import LATEST, ONCE_IN, Situation, why_not
from support.knowledge.drafting import draft_from, draft_uncovered
from support.knowledge.flagging import flag_unhelpful
from support.knowledge.scrubbing import scrubbed
from support.knowledge.suggesting import canned_replies, fill, note_used, save_reply, suggest
from support.models import (
    AnsweringSettings,
    Article,
    AutomaticAnswer,
    CannedReply,
    Message,
    OfferedArticle,
    Ticket,
    TicketChange,
    Verdict,
)
from support.writing import Written

from .desks import ask
from .knowing import make_article

pytestmark = pytest.mark.django_db

SURE = {
    "subject": "Too many requests",
    "text": "Our nightly job fails with 429 RATE_LIMIT_EXCEEDED. What are the rate limits, and when may we retry?",
}
UNSURE: dict[str, Any] = {
    "subject": "Colour",
    "text": "The bubble in the corner is green, and our brand is purple. Where is that changed?",
}


def _contact(**fields: Any) -> Contact:
    return make_contact(make_customer(), is_primary=True, **fields)


def _ask(contact: Contact | None = None, **fields: Any) -> Ticket:
    contact = contact or _contact()
    return ask(contact=contact, customer=contact.customer, **{**SURE, **fields})


def _decided(ticket: Ticket, now: datetime = NOW) -> AutomaticAnswer:
    answering.answer_waiting(now=now)
    return AutomaticAnswer.objects.get(ticket=ticket)


def test_a_ticket_that_articles_answer_gets_up_to_three_links() -> None:
    ticket = _ask()

    answer = _decided(ticket)

    email = Email.objects.get()
    assert (answer.state, email.template.key, email.contact) == ("answered", "support_first_answer", ticket.contact)
    assert 1 <= len(email.context["answer"]["articles"]) <= 3
    assert "Rate limits" in email.context["answer"]["articles"][0]["title"]
    assert "it says" in answer.because


def test_it_stands_in_the_thread_and_is_no_first_response() -> None:
    ticket = _ask()

    _decided(ticket)

    ticket.refresh_from_db()
    message = ticket.messages.get(kind=Message.Kind.AUTOMATIC)
    assert "/help/en/rate-limits/" in message.text
    assert ticket.first_response_at is None
    change = ticket.changes.get(kind=TicketChange.Kind.ANSWERED)
    assert change.data["articles"][0]["confidence"] >= 60


def test_a_ticket_that_none_answers_gets_a_plain_acknowledgement_and_says_how_near_the_best_was() -> None:
    ticket = _ask(**UNSURE)

    answer = _decided(ticket)

    assert (answer.state, Email.objects.get().template.key) == ("acknowledged", "support_acknowledgement")
    assert "below 60 %" in answer.because
    assert not OfferedArticle.objects.filter(sent_at__isnull=False).exists()


def test_the_mail_says_that_a_machine_answered_and_is_no_bulk_mail() -> None:
    _decided(_ask())
    email = Email.objects.select_related("topic", "contact", "customer").get()
    email.address, email.subject, email.text, email.html = "a@example.com", "Re: x", "x", "<p>x</p>"

    headers = letter(email, Sender("AgentFactory", "success@agentfactory.com")).extra_headers

    assert headers["Auto-Submitted"] == "auto-replied"
    assert email.is_automatic
    assert email.topic.is_transactional


def test_a_mail_that_waited_too_long_is_wanted_no_more() -> None:
    answer = _decided(_ask())
    assert objections({SOURCE: [answer.pk]}, NOW) == {}

    threads.answer(answer.ticket, Written("Here I am."), by=make_user(), now=NOW)

    assert objections({SOURCE: [answer.pk]}, NOW) == {(SOURCE, answer.pk): "A person answered before it could go out."}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"is_on": False}, "switched off"),
        ({"by_staff": True}, "One of our people entered it"),
        ({"is_automatic": True}, "could go round in circles"),
        ({"is_escalated": True}, "escalated"),
        ({"is_over": True}, "over before"),
        ({"was_answered": True}, "A person answered first"),
        ({"has_contact": False}, "no contact"),
        ({"answered_before": (NOW - ONCE_IN + timedelta(seconds=1), 7)}, "within 24 hours, in #7"),
        ({"created_at": NOW - LATEST - timedelta(hours=1)}, "only 13 hours after"),
        ({}, ""),
        ({"answered_before": (NOW - ONCE_IN, 7)}, ""),
        ({"created_at": NOW - LATEST}, ""),
    ],
)
def test_who_gets_no_answer_and_why(fields: dict[str, Any], reason: str) -> None:
    said = why_not(Situation(**fields), NOW)

    assert reason in said
    assert bool(said) == bool(reason)


def test_an_automatic_mail_is_never_answered() -> None:
    answer = _decided(_ask(is_automatic=True))

    assert answer.state == "not_answered"
    assert not Email.objects.exists()
    assert answer.ticket.changes.get(kind=TicketChange.Kind.NOT_ANSWERED).words.endswith("round in circles.")


def test_a_critical_ticket_is_escalated_and_so_left_to_people() -> None:
    answer = _decided(_ask(severity="critical"))

    assert answer.because == "It is escalated: a person answers."


def test_a_contact_gets_one_answer_within_a_day_over_all_its_tickets() -> None:
    contact = _contact()
    first, second = _ask(contact), _ask(contact)
    other = _ask()

    answering.answer_waiting(now=NOW)
    later = _ask(contact, now=NOW + timedelta(hours=25))
    answering.answer_waiting(now=NOW + timedelta(hours=25))

    states = {answer.ticket_id: answer.state for answer in AutomaticAnswer.objects.all()}
    assert states == {first.pk: "answered", second.pk: "not_answered", other.pk: "answered", later.pk: "answered"}


def test_a_ticket_is_decided_on_once_however_often_it_is_looked_at() -> None:
    ticket = _ask()

    assert [answering.answer_waiting(now=NOW) for _time in range(3)] == [1, 0, 0]
    assert ticket.messages.filter(kind=Message.Kind.AUTOMATIC).count() == 1


def test_what_is_imported_is_left_alone() -> None:
    ticket = _ask()
    Ticket.objects.filter(pk=ticket.pk).update(channel=Ticket.Channel.IMPORT)

    assert answering.answer_waiting(now=NOW) == 0


def test_when_they_are_switched_off_every_ticket_says_so() -> None:
    AnsweringSettings.objects.update_or_create(pk=1, defaults={"is_on": False})

    assert _decided(_ask()).because == "Automatic answers are switched off."


def test_the_threshold_decides_what_is_sent() -> None:
    AnsweringSettings.objects.update_or_create(pk=1, defaults={"threshold_percent": 100})

    assert _decided(_ask()).state == "acknowledged"


def test_the_queries_of_a_ticket_do_not_grow_with_the_articles() -> None:
    ticket, other = _ask(), _ask()
    with CaptureQueriesContext(
        connection,
    ) as few:
        answering.decide(ticket, AnsweringSettings.get(), now=NOW)
    for number in range(30):
        make_article(f"a{number}", f"Rate limits {number}", "429 Too Many Requests: wait, then retry the job.")

    with CaptureQueriesContext(connection) as many:
        answering.decide(other, AnsweringSettings.get(), now=NOW)

    assert len(many) <= len(few) + 1


def test_a_yes_resolves_the_ticket_and_counts_for_the_article() -> None:
    answer = _decided(_ask())
    article = Article.objects.get(slug="rate-limits")

    verdicts.say_solved(answer, solved=True, article_ids=[article.pk], now=NOW)

    answer.refresh_from_db()
    assert (answer.solved, answer.ticket.status) == (True, "resolved")
    assert [(one.article, one.helped) for one in Verdict.objects.all()] == [(article, True)]


def test_a_no_leaves_the_ticket_to_a_person_and_counts_against_what_was_sent() -> None:
    answer = _decided(_ask())
    sent = OfferedArticle.objects.filter(sent_at__isnull=False).count()

    verdicts.say_solved(answer, solved=False, now=NOW)
    verdicts.say_solved(answer, solved=False, now=NOW)

    answer.refresh_from_db()
    assert (answer.solved, answer.ticket.status in Ticket.UNSOLVED) == (False, True)
    assert Verdict.objects.filter(helped=False).count() == sent


def test_precision_counts_what_was_enough_against_what_was_not() -> None:
    yes, no, by_person, with_article, waiting = (_decided(_ask()) for _time in range(5))
    person = make_user()
    verdicts.say_solved(yes, solved=True, now=NOW)
    verdicts.say_solved(no, solved=False, now=NOW)
    threads.answer(by_person.ticket, Written("Do this."), by=person, now=NOW)
    note_used(with_article.ticket, Article.objects.get(slug="rate-limits"), now=NOW)
    threads.answer(with_article.ticket, Written("See there."), by=person, now=NOW)

    (found,) = measuring.precision(NOW - timedelta(days=1), NOW + timedelta(days=1), [60])

    assert waiting.solved is None
    assert (found.tickets, found.right, found.wrong, found.percent) == (5, 2, 2, 50)


def test_a_higher_threshold_never_takes_in_more() -> None:
    rows = [(40, 1, 3, 5), (60, 4, 2, 8), (90, 5, 0, 6)]

    found = measuring.by_threshold(rows, (0, 50, 70, 95))

    assert [one.tickets for one in found] == [19, 14, 6, 0]
    assert [one.percent for one in found] == [67, 82, 100, None]


def test_suggestions_follow_what_is_being_written() -> None:
    ticket = _ask(**UNSURE)

    found = suggest(ticket, "You need an invoice with the VAT number: see billing details.")

    assert found[0].article.slug == "invoices-and-payment"


def test_a_canned_reply_is_filled_and_in_the_customers_language() -> None:
    ticket = _ask(_contact(name="Ada Lovelace"), language="de")
    for language, text in (
        ("en", "Hi {{ contact.name }}"),
        ("de", "Guten Tag {{ contact.name }}, #{{ ticket.number }}"),
    ):
        save_reply(CannedReply(name="Hello", language=language, text=text), now=NOW)

    (reply,) = canned_replies(ticket)

    assert fill(reply, ticket, by=make_user(), now=NOW).text == f"Guten Tag Ada Lovelace, #{ticket.pk}"


def test_a_canned_reply_that_lacks_something_says_what() -> None:
    ticket = _ask()
    reply = save_reply(CannedReply(name="Hello", text="{{ success_manager.name }}"), now=NOW)

    filled = fill(reply, ticket, by=make_user(), now=NOW)

    assert (filled.text, filled.hole) == ("", "success_manager.name has no value.")


@pytest.mark.parametrize("text", ["{{ nobody.name }}", "{% include 'x' %}", "", "{% if contact.name %}"])
def test_a_canned_reply_that_could_not_be_filled_is_refused(text: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        save_reply(CannedReply(name="Hello", text=text), now=NOW)

    assert set(refusal.value.message_dict) == {"text"}


ANSWER = "Open the settings, choose Appearance, and enter the colour there. " * 5


def _solved(now: datetime, **fields: Any) -> Ticket:
    ticket = _ask(_contact(name="Ada Lovelace"), **{**UNSURE, **fields}, now=now)
    answering.answer_waiting(now=now)
    threads.answer(ticket, Written(f"Hi Ada,\n\n{ANSWER}\n\nBest regards,\nSam"), by=make_user(), now=now)
    return moving.move(ticket, "resolved", now=now)


def test_a_ticket_solved_by_what_no_article_says_becomes_a_draft_without_names() -> None:
    ticket = _solved(NOW - timedelta(days=3), text="Hello,\n\nAda Lovelace here (ada@x.example). The colour is wrong.")

    assert draft_uncovered(now=NOW) == 1
    assert draft_uncovered(now=NOW) == 0

    article = Article.objects.get(from_ticket=ticket)
    body = article.translations.get().body
    assert article.state == "draft"
    assert "enter the colour there" in body
    assert not {"Ada", "Lovelace", "ada@x.example", "Sam"} & set(body.replace("(", " ").replace(")", " ").split())


@pytest.mark.parametrize("change", [{"reopened": 1}, {"resolved_at": NOW - timedelta(hours=1)}])
def test_what_may_still_come_back_is_not_drafted(change: dict[str, Any]) -> None:
    ticket = _solved(NOW - timedelta(days=3))
    Ticket.objects.filter(pk=ticket.pk).update(**change)

    assert draft_uncovered(now=NOW) == 0


def test_drafts_are_made_by_the_day_as_many_as_are_wanted() -> None:
    AnsweringSettings.objects.update_or_create(pk=1, defaults={"drafts_a_day": 1})
    for _time in range(2):
        _solved(NOW - timedelta(days=3))

    assert [draft_uncovered(now=NOW), draft_uncovered(now=NOW)] == [1, 0]
    assert draft_uncovered(now=NOW + timedelta(days=2)) == 1


def test_a_ticket_is_drafted_once_and_only_when_it_was_answered() -> None:
    ticket = _solved(NOW - timedelta(days=3))
    draft_from(ticket, now=NOW)

    with pytest.raises(ValidationError, match="already"):
        draft_from(ticket, now=NOW)
    with pytest.raises(ValidationError, match="Nobody has answered"):
        draft_from(_ask(), now=NOW)


@pytest.mark.parametrize(("yes", "no", "flagged"), [(0, 4, 0), (1, 4, 1), (3, 2, 1), (4, 2, 0), (0, 0, 0)])
def test_an_article_that_does_not_help_is_flagged(yes: int, no: int, flagged: int) -> None:
    article = make_article("a", "The zeppelin", "It flies.")
    moment = NOW + timedelta(minutes=1)
    for helped in [True] * yes + [False] * no:
        verdicts.give_verdict(article, helped=helped, language="en", now=moment)

    assert flag_unhelpful(now=moment) == flagged

    article.refresh_from_db()
    assert bool(article.needs_update_because) == bool(flagged)


def test_what_was_said_before_a_better_version_counts_no_more() -> None:
    article = make_article("a", "The zeppelin", "It flies.")
    for _time in range(5):
        verdicts.give_verdict(article, helped=False, language="en", now=NOW - timedelta(days=1))

    assert flag_unhelpful(now=NOW + timedelta(minutes=1)) == 0


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Hi Sam,\n\nIt is broken.\n\nBest regards,\nAda Lovelace\nCTO", "It is broken."),
        ("Guten Tag,\nes geht nicht.\nViele Grüße\nAda", "es geht nicht."),
        ("Write to ada@x.example or +49 30 1234567", "Write to [address] or [number]"),
        ("See https://x.example/a?b=c now", "See [link] now"),
        ("Our host 10.1.2.3 uses sk-abcdefghijkl1234", "Our host [IP address] uses [key]"),
        ("Ada Lovelace of Northwind says 429", "[name] of [name] says 429"),
        ("Adamant people stay", "Adamant people stay"),
    ],
)
def test_what_tells_who_wrote_is_taken_out(text: str, left: str) -> None:
    assert scrubbed(text, ["Ada Lovelace", "Northwind"]) == left
