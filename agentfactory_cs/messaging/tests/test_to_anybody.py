"""Mail to an address that was given with it: strangers, and people who are no contact of a customer."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.test import Client

from agentfactory_cs.customers.tests.factories import NOW, make_user
from agentfactory_cs.events.models import Event
from agentfactory_cs.messaging import outbox, suppression
from agentfactory_cs.messaging.models import Email
from agentfactory_cs.messaging.sending import deliver_due
from agentfactory_cs.messaging.tracking import Told, take_in

from .mails import add_words, make_email, make_reader, make_template, make_topic
from .sink import Sink

pytestmark = pytest.mark.django_db


def queue(**fields: Any) -> Email:
    topic = make_topic("answers", is_transactional=True)
    values = {
        "customer": None,
        "to_address": "eve@stranger.example",
        "template": make_template(topic=topic, subject="Your question", html="<p>Here.</p>"),
        "due_at": NOW,
        "dedupe_key": f"test:{Email.objects.count()}",
    }
    email = outbox.queue(**{**values, **fields}, now=NOW)
    assert email
    return email


def deliver() -> None:
    deliver_due(clock=lambda: NOW, pause=lambda seconds: None)


def test_a_stranger_gets_mail_that_stands_on_no_timeline(sink: Sink) -> None:
    email = queue()

    deliver()
    take_in(Told(kind="delivered", address="eve@stranger.example", happened_at=NOW, email_id=email.pk), now=NOW)
    take_in(Told(kind="bounced", address="eve@stranger.example", happened_at=NOW, email_id=email.pk), now=NOW)

    email.refresh_from_db()
    assert sink.recipients == ["eve@stranger.example"]
    assert (email.state, email.address, email.delivered_at, email.bounced_at) == (
        "sent",
        "eve@stranger.example",
        NOW,
        NOW,
    )
    assert not Event.objects.exists()


def test_headers_given_with_a_mail_go_out_with_it_however_long(sink: Sink) -> None:
    references = " ".join(f"<{number:040}@customer.example>" for number in range(10))
    queue(
        headers={"Reply-To": "help+r1-x@example.com", "In-Reply-To": "<a@b.example>", "References": references},
        message_id="<ours@example.com>",
    )

    deliver()

    (mail,) = sink.mails
    assert (mail["Reply-To"], mail["In-Reply-To"]) == ("help+r1-x@example.com", "<a@b.example>")
    assert mail["References"].split() == references.split()
    assert mail["Message-ID"] == "<ours@example.com>"


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"Bcc": "all@example.com"}, "Bcc is not given with a mail"),
        ({"Subject": "Other"}, "Subject is not given with a mail"),
        ({"Reply-To": "a@example.com\r\nBcc: all@example.com"}, "Reply-To must be one line"),
        ({"References": "x" * 4_001}, "longer than 4000"),
    ],
)
def test_other_headers_are_refused(headers: dict[str, str], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        queue(headers=headers)

    assert not Email.objects.exists()


@pytest.mark.parametrize("address", ["", "nobody", "a@b.example, c@d.example"])
def test_a_stranger_without_a_proper_address_is_refused(address: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        queue(to_address=address)

    assert list(refusal.value.message_dict) == ["to_address"]


def test_the_database_refuses_a_mail_to_nobody() -> None:
    with pytest.raises(IntegrityError, match="email_has_a_reader"):
        Email.objects.filter(pk=queue().pk).update(to_address="")


def test_it_goes_to_the_address_given_with_it_and_is_judged_by_that(sink: Sink) -> None:
    contact = make_reader(email="ada@customer.example")
    suppression.suppress("ada@customer.example", reason="bounced", now=NOW)
    suppression.suppress("eve@stranger.example", reason="complained", now=NOW)
    contact.refresh_from_db()

    queue(customer=contact.customer, contact=contact, to_address="ada@home.example")
    refused = queue(customer=contact.customer, contact=contact)
    deliver()

    refused.refresh_from_db()
    assert sink.recipients == ["ada@home.example"]
    assert (refused.state, refused.reason) == ("withheld", "A mail to this address was reported as spam.")


def test_the_language_given_with_it_goes_before_the_contacts(sink: Sink) -> None:
    contact = make_reader(language="en")
    template = make_template(subject="Hello")
    add_words(template, language="de", subject="Hallo")

    make_email(contact, template=template, language="de")
    deliver()

    assert sink.mails[0]["Subject"] == "Hallo"


def test_what_is_due_is_on_its_way_and_what_waits_longer_can_be_withdrawn() -> None:
    due = queue(source="support.ticket", source_id=7)
    later = queue(source="support.ticket", source_id=7, due_at=NOW + timedelta(hours=1))
    others = queue(source="support.ticket", source_id=8, due_at=NOW + timedelta(hours=1))

    count = outbox.withdraw_all(source="support.ticket", source_id=7, reason="It is over.", now=NOW)

    states = dict(Email.objects.values_list("pk", "state"))
    assert count == 1
    assert states == {due.pk: "waiting", later.pk: "withheld", others.pk: "waiting"}


def test_a_strangers_mail_is_shown_in_the_console(client: Client) -> None:
    email = queue()
    client.force_login(make_user(is_superuser=True))

    listed = client.get("/admin/messaging/email/?which=all")
    shown = client.get(f"/admin/messaging/email/{email.pk}/change/")

    assert "eve@stranger.example" in listed.content.decode()
    assert "eve@stranger.example" in shown.content.decode()
