"""Answers go out as mail, and mail programs show one ticket as one thread."""

from datetime import timedelta
from email.message import Message as Parsed
from typing import Any

import pytest

from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.tests.factories import NOW, make_contact, make_customer, make_user
from agentfactory_cs.messaging import suppression
from agentfactory_cs.messaging.models import Email, Notice
from agentfactory_cs.messaging.sending import deliver_due
from agentfactory_cs.messaging.tests.conftest import sink
from agentfactory_cs.messaging.tests.sink import Sink
from support.addresses import ticket_of
from support.letters import bare_subject
from support.mail_queries import by_message, mails_of
from support.models import Message, Ticket
from support.opening import Asked, open_ticket
from support.threads import answer, customer_wrote, note
from support.writing import File, Written

__all__ = ["sink"]
pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=5)


def ask(customer: Customer | None = None, **fields: Any) -> Ticket:
    """By mail, with a Message-ID of the customer's own."""
    values = {"subject": "Invoice", "channel": "mail", "requester_address": "ada@customer.example", **fields}
    words = values.pop("text", "Where is my invoice?")
    message_id = values.pop("message_id", "<first@customer.example>")
    written = Written(words, message_id=message_id, address=values["requester_address"])
    return open_ticket(Asked(written=written, customer=customer, **values), now=NOW)


def reply(ticket: Ticket, text: str = "Here it is.", *, minutes: float = 5, **fields: Any) -> Message:
    sam = fields.pop("by", None) or make_user(first_name="Sam", last_name="Porter", email="sam@agentfactory.example")
    now = NOW + timedelta(minutes=minutes)
    return answer(ticket, Written(text, files=fields.pop("files", ())), by=sam, now=now, **fields)


def deliver(minutes: float = 10) -> None:
    deliver_due(clock=lambda: NOW + timedelta(minutes=minutes), pause=lambda seconds: None)


def text_of(mail: Parsed) -> str:
    part = next(part for part in mail.walk() if part.get_content_type() == "text/plain")
    words: bytes = part.get_payload(decode=True)  # type: ignore[assignment]
    return words.decode().replace("\r\n", "\n")


def html_of(mail: Parsed) -> str:
    part = next(part for part in mail.walk() if part.get_content_type() == "text/html")
    words: bytes = part.get_payload(decode=True)  # type: ignore[assignment]
    return words.decode()


def test_an_answer_reaches_a_stranger_who_wrote_to_us(sink: Sink) -> None:
    ticket = ask(requester_name="Ada Byron")

    message = reply(ticket, "Here it is.\nIn PDF.\n\nAnything else?")
    deliver()

    (mail,) = sink.mails
    assert sink.recipients == ["ada@customer.example"]
    assert mail["Subject"] == f"Re: Invoice [#{ticket.pk}]"
    assert mail["Message-ID"] == Message.objects.get(pk=message.pk).message_id
    assert mail["In-Reply-To"] == mail["References"] == "<first@customer.example>"
    assert ticket_of(mail["Reply-To"]) == ticket.pk
    assert mail["Auto-Submitted"] is None
    assert "Here it is.\nIn PDF.\n\nAnything else?\n\nSam Porter" in text_of(mail)
    assert "Ada Byron wrote:\n\n> Where is my invoice?" in text_of(mail)
    assert "because you wrote to" in text_of(mail)


def test_an_answer_to_a_contact_names_them_and_stands_on_the_customers_mails(sink: Sink) -> None:
    customer = make_customer(name="Byron & Co")
    contact = make_contact(customer, name="Ada Byron", email="Ada@customer.example")

    reply(ask(customer, contact=contact, requester_address=""))
    deliver()

    email = Email.objects.get()
    assert sink.mails[0]["To"] == "Ada Byron <Ada@customer.example>"
    assert (email.customer, email.contact, email.to_address, email.state) == (customer, contact, "", "sent")


def test_an_answer_goes_to_whoever_asked_though_the_customer_has_another_contact(sink: Sink) -> None:
    customer = make_customer()
    make_contact(customer, is_primary=True, email="boss@customer.example")

    reply(ask(customer, requester_address="new@customer.example"))
    deliver()

    assert sink.recipients == ["new@customer.example"]


def test_the_mails_of_a_ticket_are_one_thread_and_those_of_two_are_two(sink: Sink) -> None:
    first, second = ask(), ask(message_id="<other@customer.example>")
    one = reply(first)
    customer_wrote(first, Written("Thanks. And?", message_id="<second@customer.example>"), now=LATER)
    Ticket.objects.filter(pk=first.pk).update(subject="Renamed by one of us")
    reply(first, "That.", minutes=6)
    reply(second, minutes=7)

    deliver()

    mails = {str(mail["Message-ID"]): mail for mail in sink.mails}
    earlier = mails[Message.objects.get(pk=one.pk).message_id]
    later = next(mail for mail in sink.mails if mail["In-Reply-To"] == "<second@customer.example>")
    others = next(mail for mail in sink.mails if mail["In-Reply-To"] == "<other@customer.example>")
    assert later["Subject"] == earlier["Subject"] != others["Subject"]
    assert later["References"].split() == [
        "<first@customer.example>",
        earlier["Message-ID"],
        "<second@customer.example>",
    ]
    assert later["X-Entity-Ref-ID"] == earlier["X-Entity-Ref-ID"] != others["X-Entity-Ref-ID"]
    assert set(others["References"].split()).isdisjoint(later["References"].split())


def test_a_long_thread_is_referred_to_by_its_first_mail_and_the_newest_nine(sink: Sink) -> None:
    ticket = ask()
    for number in range(15):
        customer_wrote(ticket, Written("More", message_id=f"<{number}@customer.example>"), now=LATER)

    reply(ticket, minutes=6)
    deliver()

    references = sink.mails[0]["References"].split()
    assert references == ["<first@customer.example>", *(f"<{number}@customer.example>" for number in range(6, 15))]


def test_notes_are_neither_sent_nor_quoted(sink: Sink) -> None:
    ticket = ask()
    note(ticket, Written("They never pay in time."), by=None, now=LATER)

    reply(ticket, minutes=6)
    deliver()

    assert len(sink.mails) == 1
    assert "never pay" not in sink.mails[0].as_string()


def test_files_of_an_answer_go_with_it(sink: Sink) -> None:
    reply(ask(), files=[File("invoice.pdf", "application/pdf", b"%PDF-1.7 paid")])
    deliver()

    (file,) = [part for part in sink.mails[0].walk() if part.get_filename()]
    assert (file.get_filename(), file.get_content_type()) == ("invoice.pdf", "application/pdf")
    assert file.get_payload(decode=True) == b"%PDF-1.7 paid"


def test_an_answer_is_written_in_the_tickets_language(sink: Sink) -> None:
    reply(ask(language="de"), "Hier ist sie.")
    deliver()

    assert "schrieb ada@customer.example:" in text_of(sink.mails[0])


def test_what_is_written_cannot_become_markup_or_a_template(sink: Sink) -> None:
    reply(ask(subject="<b>{{ company.name }}</b>"), "<script>alert(1)</script> {{ links.platform }}")
    deliver()

    html = html_of(sink.mails[0])
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "{{ links.platform }}" in html
    assert sink.mails[0]["Subject"].startswith("Re: <b>{{ company.name }}</b>")


def test_an_answer_of_ten_thousand_lines_goes_out_whole(sink: Sink) -> None:
    reply(ask(), "\n".join(f"line {number}" for number in range(10_000)))
    deliver()

    assert "line 9999" in text_of(sink.mails[0])


def test_an_answer_that_nobody_can_get_says_so_on_the_ticket() -> None:
    sam = make_user(email="sam@agentfactory.example")
    ticket = ask(make_customer(), requester_address="", message_id="")

    message = reply(ticket, by=sam)

    mail = by_message(mails_of(ticket))[message.pk]
    assert (mail.words, mail.is_bad) == ("Not sent", True)
    assert "no primary contact" in mail.reason
    assert "has not reached anybody" in ticket.messages.get(kind="note").text
    assert Notice.objects.get(kind="support.undelivered").recipient == sam


def test_an_address_that_refuses_mail_is_told_of_once_to_the_assignee(sink: Sink) -> None:
    assignee = make_user(email="kim@agentfactory.example")
    ticket = ask()
    Ticket.objects.filter(pk=ticket.pk).update(assignee=assignee)
    sink.answers["ada@customer.example"] = "550 5.1.1 nobody here"
    message = reply(ticket)

    deliver()
    reply(ticket, "Are you there?", minutes=20)
    deliver(minutes=30)

    first, second = mails_of(ticket)
    notes = list(ticket.messages.filter(kind="note").values_list("quoted", flat=True))
    assert (first.message_id, first.words) == (message.pk, "Failed")
    assert (second.words, second.reason) == ("Not sent", "Mail to this address bounces.")
    assert len(notes) == 2
    assert "nobody here" in notes[0]
    assert (
        list(Notice.objects.filter(kind="support.undelivered").values_list("recipient", flat=True)) == [assignee.pk] * 2
    )


def test_an_answer_goes_to_who_unsubscribed_from_everything_and_to_who_complained_never(sink: Sink) -> None:
    suppression.suppress("ada@customer.example", reason="unsubscribed", now=NOW)
    suppression.suppress("bob@customer.example", reason="complained", now=NOW)

    reply(ask())
    reply(ask(requester_address="bob@customer.example", message_id="<bob@customer.example>"), minutes=6)
    deliver()

    assert sink.recipients == ["ada@customer.example"]


def test_the_mails_of_a_ticket_are_read_in_one_query(django_assert_num_queries: Any) -> None:
    ticket = ask()
    for number in range(3):
        reply(ticket, f"{number}", minutes=number)

    with django_assert_num_queries(1):
        mails = mails_of(ticket)

    assert [mail.words for mail in mails] == ["Waiting"] * 3


@pytest.mark.parametrize(
    ("subject", "bare"),
    [
        ("Invoice", "Invoice"),
        ("Re: Invoice", "Invoice"),
        ("AW: Re: FWD: Invoice [#12]", "Invoice"),
        ("Re: [#1,234] Invoice", "Invoice"),
        ("Regarding: us", "Regarding: us"),
        ("Re:", "…"),
    ],
)
def test_a_subject_is_bared_of_what_mail_programs_put_around_it(subject: str, bare: str) -> None:
    assert bare_subject(subject) == bare
