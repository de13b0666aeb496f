"""Mails that are due go to a real server, and what it says is written down."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from agentfactory_cs.customers.models import Contact
from agentfactory_cs.customers.tests.factories import NOW
from agentfactory_cs.events.models import Event
from agentfactory_cs.messaging.models import Email, SendingPace, Suppression
from agentfactory_cs.messaging.sending import Delivered, deliver_due

from .mails import make_email, make_reader, make_template, make_topic
from .sink import Sink

pytestmark = pytest.mark.django_db
State = Email.State


def deliver(now: datetime = NOW) -> Delivered:
    return deliver_due(clock=lambda: now, pause=_never)


def _never(seconds: float) -> None:
    raise AssertionError("nobody needs to wait here")


def _events(email: Email) -> list[str]:
    return list(Event.objects.filter(data__email=email.pk).order_by("pk").values_list("trigger", flat=True))


def test_a_due_mail_arrives_as_its_row_says(sink: Sink) -> None:
    email = make_email(make_reader(name="Ada Lovelace", email="ada@example.com"))

    deliver()

    email.refresh_from_db()
    (mail,) = sink.mails
    assert (email.state, email.sent_at, email.address) == (State.SENT, NOW, "ada@example.com")
    assert mail["Subject"] == email.subject == "For Ada Lovelace"
    assert mail["Message-ID"] == email.message_id
    assert ">Hello Ada Lovelace</p>" in mail.get_payload()[1].get_payload()  # type: ignore[index, union-attr]
    assert _events(email) == ["messaging.email_sent"]
    assert email.claimed_at is None


def test_a_mail_is_not_sent_before_its_time_nor_twice(sink: Sink) -> None:
    make_email(due_at=NOW + timedelta(minutes=1))

    early, on_time, later = deliver(), deliver(NOW + timedelta(minutes=1)), deliver(NOW + timedelta(hours=1))

    assert (early.sent, on_time.sent, later.sent) == (0, 1, 0)
    assert len(sink.mails) == 1


def test_headers_let_mail_programs_unsubscribe_and_answering_machines_be_silent(sink: Sink) -> None:
    make_email(template=make_template(topic=make_topic("product_tips", name="Product tips")))

    deliver()

    (mail,) = sink.mails
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["List-Unsubscribe"].strip().startswith("<http://localhost:8000/mail/one-click/")
    assert " ".join(mail["List-Id"].split()) == "Product tips <product-tips.agentfactory.com>"
    assert mail["Auto-Submitted"] == "auto-generated"


def test_transactional_mail_has_nothing_to_unsubscribe_from(sink: Sink) -> None:
    topic = make_topic("answers", is_transactional=True)

    make_email(template=make_template(topic=topic), is_automatic=False)
    deliver()

    (mail,) = sink.mails
    assert not {"List-Unsubscribe", "List-Id", "Auto-Submitted"} & set(mail.keys())


def test_the_address_in_the_header_unsubscribes_with_one_post(sink: Sink, client: Client) -> None:
    contact = make_reader()
    make_email(contact)
    deliver()
    address = sink.mails[0]["List-Unsubscribe"].strip(" \r\n<>").split("/", 3)[3]

    answer = client.post(f"/{address}", {"List-Unsubscribe": "One-Click"})

    assert answer.status_code == 200
    assert Suppression.objects.get().topic_id == "tips"


REFUSALS: list[tuple[str, str, int, str]] = [
    ("550 5.1.1 no such mailbox", State.FAILED, 1, "bounced"),
    ("550 no such mailbox", State.FAILED, 1, "bounced"),
    ("550 5.7.1 refused by policy", State.FAILED, 0, "ok"),
    ("552 5.2.2 mailbox full", State.FAILED, 0, "ok"),
    ("451 4.3.0 come back later", State.WAITING, 0, "ok"),
]


@pytest.mark.parametrize(("answer", "state", "suppressed", "status"), REFUSALS)
def test_what_the_server_says_of_a_recipient_decides(
    sink: Sink, answer: str, state: str, suppressed: int, status: str
) -> None:
    refused, other = make_email(make_reader(email="gone@example.com")), make_email()
    sink.answers["gone@example.com"] = answer

    deliver()

    refused.refresh_from_db()
    assert (refused.state, refused.attempts) == (state, 1)
    assert refused.reason == f"The mail server answered {answer[:3]}: {answer[4:]}"
    assert Suppression.objects.count() == suppressed
    assert Contact.objects.get(email="gone@example.com").mail_status == status
    assert Email.objects.get(pk=other.pk).state == State.SENT


def test_what_failed_for_now_is_tried_again_later_with_the_same_id(sink: Sink) -> None:
    email = make_email(make_reader(email="slow@example.com"))
    sink.answers["slow@example.com"] = "451 4.3.0 come back later"
    deliver()
    email.refresh_from_db()
    first_id, again = email.message_id, email.not_before
    sink.answers.clear()

    deliver(NOW + timedelta(seconds=10))
    too_early = len(sink.mails)
    deliver(again)

    assert timedelta(seconds=48) <= again - NOW <= timedelta(seconds=72)
    assert too_early == 0
    assert [mail["Message-ID"] for mail in sink.mails] == [first_id]


def test_after_twelve_attempts_a_mail_has_failed(sink: Sink) -> None:
    email = make_email(make_reader(email="slow@example.com"))
    sink.answers["slow@example.com"] = "451 4.3.0 come back later"
    Email.objects.update(attempts=11)

    deliver()

    email.refresh_from_db()
    assert (email.state, email.attempts) == (State.FAILED, 12)
    assert _events(email) == ["messaging.email_failed"]


def test_a_connection_that_breaks_while_a_mail_is_handed_over_leaves_it_uncertain(sink: Sink) -> None:
    email = make_email()
    sink.to_data = "hang up"

    deliver()
    sink.to_data = ""
    deliver(NOW + timedelta(days=1))

    email.refresh_from_db()
    assert email.state == State.UNCERTAIN
    assert "while the mail was handed over" in email.reason
    assert sink.mails == []


def test_a_sender_that_is_refused_stops_everything_and_burns_nothing(sink: Sink) -> None:
    emails = [make_email() for _ in range(3)]
    sink.to_sender = "553 5.7.1 not your sender"

    run = deliver()
    soon = deliver(NOW + timedelta(minutes=5))

    assert "not your sender" in run.stopped
    assert soon.seen == 0
    rows = Email.objects.filter(pk__in=[email.pk for email in emails])
    assert {(row.state, row.attempts, row.claimed_at) for row in rows} == {(State.WAITING, 0, None)}
    assert "not your sender" in SendingPace.objects.get().stop_reason


def test_a_provider_that_refused_us_is_tried_with_one_mail_after_a_while(sink: Sink) -> None:
    for _ in range(3):
        make_email()
    sink.to_sender = "553 5.7.1 not your sender"
    deliver()
    sink.to_sender = ""

    run = deliver(NOW + timedelta(minutes=16))

    assert run.sent == 3
    assert SendingPace.objects.get().stopped_until is None


def test_without_a_server_nothing_is_lost(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    emails = [make_email() for _ in range(2)]

    run = deliver()

    rows = Email.objects.filter(pk__in=[email.pk for email in emails])
    assert "could not be reached" in run.stopped
    assert {(row.state, row.attempts, row.claimed_at) for row in rows} == {(State.WAITING, 1, None)}
    assert all(row.not_before > NOW and "could not be reached" in row.reason for row in rows)


def test_with_nothing_configured_mail_goes_to_files(settings: Any, tmp_path: Any) -> None:
    settings.EMAIL_BACKEND = "agentfactory_cs.messaging.files.MailFiles"
    settings.EMAIL_FILE_PATH = str(tmp_path)
    email = make_email(make_reader(email="ada@example.com"))

    deliver()

    (file,) = tmp_path.iterdir()
    assert "ada@example.com" in file.name
    assert Email.objects.get(pk=email.pk).message_id in file.read_text()


def test_a_template_with_a_hole_is_held_for_a_person(sink: Sink) -> None:
    email = make_email(template=make_template(html="<p>{{ contact.shoe_size }}</p>"))

    deliver()

    email.refresh_from_db()
    assert email.state == State.HELD
    assert "contact.shoe_size" in email.reason
    assert sink.mails == []
