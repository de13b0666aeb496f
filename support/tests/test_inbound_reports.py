"""Bounces and complaints: what they mean for the address and the ticket, and what nobody can make them mean."""

from datetime import timedelta
from typing import Any

import pytest

from agentfactory_cs.customers.models import Contact, Interaction
from agentfactory_cs.customers.tests.factories import NOW, make_contact, make_customer
from agentfactory_cs.messaging.models import Email, EmailEvent, Suppression
from agentfactory_cs.messaging.tests.mails import make_reader, make_sent
from support.addresses import reply_address
from support.models import InboundMail, Message, Ticket
from support.threads import answer_automatically
from support.writing import Written

from .mails import US, arrives, mail, report

pytestmark = pytest.mark.django_db
State = InboundMail.State


@pytest.fixture
def sent() -> Email:
    """A mail of ours to Ada."""
    return make_sent(make_reader(name="Ada", email="ada@customer.example"), NOW - timedelta(hours=1))


def test_a_final_bounce_of_a_mail_of_ours_ends_mail_to_the_address(sent: Email) -> None:
    row = arrives(report("ada@customer.example", sent.message_id))

    sent.refresh_from_db()
    assert (row.kind, row.state) == ("bounce", State.FILED)
    assert row.because == "ada@customer.example was not reached by “Earlier”: nothing is sent there any more."
    assert Suppression.objects.get().address == "ada@customer.example"
    assert Contact.objects.get().mail_status == "bounced"
    assert sent.bounced_at == NOW - timedelta(minutes=2)


def test_a_bounce_that_may_pass_is_noted_and_ends_nothing(sent: Email) -> None:
    row = arrives(report("ada@customer.example", sent.message_id, status="4.2.2"))

    assert row.because.endswith("it may be reached later.")
    assert EmailEvent.objects.get().kind == "bounced"
    assert not Suppression.objects.exists()


def test_a_bounce_of_a_mail_that_is_not_ours_ends_nothing() -> None:
    make_reader(email="ada@customer.example")

    row = arrives(report("ada@customer.example", "<somebody@elsewhere.example>"))

    assert (row.state, row.because) == (
        State.FILED,
        "ada@customer.example was not reached. It is about none of our mails.",
    )
    assert not Suppression.objects.exists()
    assert Contact.objects.get().mail_status == "ok"


def test_the_same_bounce_in_other_bytes_counts_once(sent: Email) -> None:
    arrives(report("ada@customer.example", sent.message_id))
    arrives(report("ada@customer.example", sent.message_id, X_Relay="another"), minutes=1)

    assert EmailEvent.objects.count() == Suppression.objects.count() == 1


@pytest.mark.parametrize(
    ("kind", "counts"), [("abuse", True), ("fraud", True), ("auth-failure", False), ("opt-out", False)]
)
def test_only_what_a_reader_complains_of_counts(sent: Email, kind: str, counts: bool) -> None:
    raw = f"""From: feedback@mailbox.example
To: {US}
Subject: Fw: Earlier
Date: Wed, 01 Jul 2026 11:58:00 +0000
Content-Type: multipart/report; report-type=feedback-report; boundary="=b="

--=b=
Content-Type: text/plain

Somebody pressed the button.

--=b=
Content-Type: message/feedback-report

Feedback-Type: {kind}
Original-Rcpt-To: ada@customer.example

--=b=
Content-Type: message/rfc822

From: {US}
To: ada@customer.example
Message-ID: {sent.message_id}

Hello
--=b=--
"""
    row = arrives(raw.encode())

    assert (row.kind, row.state) == ("complaint", State.FILED)
    assert Suppression.objects.filter(address="ada@customer.example", reason="complained").exists() == counts


def test_whoever_works_on_a_ticket_is_told_that_the_answer_did_not_arrive(sent: Email) -> None:
    first = arrives(mail(sender="ada@customer.example")).message
    assert first is not None
    reply = answer_automatically(first.ticket, Written(text="We are on it."), data={}, now=NOW)
    Email.objects.filter(pk=sent.pk).update(source="support.message", source_id=reply.pk)

    row = arrives(report("ada@customer.example", sent.message_id, status="4.2.2"), minutes=1)

    ticket = Ticket.objects.get()
    note = ticket.messages.get(kind="note")
    assert row.message == note
    assert note.text == "“Earlier” did not reach ada@customer.example."
    assert "nobody here" in note.quoted
    assert ticket.status == "new"


def _unmoved() -> tuple[Any, ...]:
    """What only a person's mail moves."""
    names = ("status", "customer_wrote_at", "waiting_since", "reopened", "resolution_due_at")
    return Ticket.objects.values_list(*names).get()


@pytest.mark.parametrize("status", ["open", "pending", "resolved"])
def test_an_automatic_reply_is_a_note_and_moves_nothing(status: str) -> None:
    make_contact(make_customer(), email="ada@customer.example")
    first = arrives(mail(sender="ada@customer.example")).message
    assert first is not None
    Ticket.objects.update(status=status, resolved_at=NOW if status == "resolved" else None)
    before = _unmoved()

    away = mail(
        "Back on Monday. @mia knows.",
        sender="ada@customer.example",
        to=reply_address(first.ticket_id),
        subject="Out of office",
        Auto_Submitted="auto-replied",
    )
    row = arrives(away, minutes=5)

    note = Message.objects.get(kind="note")
    assert (row.kind, row.state, row.message) == ("automatic", State.FILED, note)
    assert "Auto-Submitted: auto-replied" in row.because
    assert (note.text, note.quoted.strip()) == (
        "Automatic mail from ada@customer.example: Out of office",
        "Back on Monday. @mia knows.",
    )
    assert _unmoved() == before
    assert Interaction.objects.count() == 1


@pytest.mark.parametrize(
    "headers", [{"Auto_Submitted": "auto-generated"}, {"List_Id": "<news.elsewhere.example>"}, {"Return_Path": "<>"}]
)
def test_automatic_mail_that_belongs_nowhere_begins_no_ticket(headers: dict[str, str]) -> None:
    row = arrives(mail(**headers))

    assert (row.state, row.message) == (State.FILED, None)
    assert row.because.endswith("It belongs to no ticket.")
    assert not Ticket.objects.exists()


def test_our_own_mail_that_comes_back_goes_round_no_further(sent: Email) -> None:
    by_sender = arrives(mail(sender=f"AgentFactory <{US}>"))
    by_reply_address = arrives(mail(sender=reply_address(7)))
    by_message_id = arrives(mail(message_id=sent.message_id))

    assert [row.state for row in (by_sender, by_reply_address, by_message_id)] == [State.FILED] * 3
    assert "our own mail" in by_sender.because
    assert not Ticket.objects.exists()


def test_a_flood_of_automatic_mail_is_not_held_but_filed(settings: Any) -> None:
    settings.INBOUND_MAILS_PER_HOUR = 1

    rows = [arrives(mail(Auto_Submitted="auto-replied"), minutes=number) for number in range(3)]

    assert {row.state for row in rows} == {State.FILED}
