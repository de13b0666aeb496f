"""Mail that a provider hands over, through its real webhook; here Postmark's."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import include, path

from agentfactory_cs.customers.tests.factories import NOW
from support import hooks
from support.addresses import reply_address
from support.inbound.taking_in import read_waiting
from support.models import InboundMail, Ticket

from .mails import arrives, mail

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
ADDRESS = "/hooks/mail/postmark/inbound/"
SECRET = "provider:secret"
State = InboundMail.State

urlpatterns: list[Any] = []


@pytest.fixture(autouse=True)
def _provider(settings: Any) -> Iterator[None]:
    """Postmark is configured: its webhook, and no other, is there."""
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET}
    settings.CELERY_TASK_ALWAYS_EAGER = True
    _open_webhook()
    settings.ROOT_URLCONF = __name__
    yield
    from anymail.signals import inbound

    inbound.disconnect(dispatch_uid="support.take_in")


def _open_webhook() -> None:
    urlpatterns[:] = [
        path("hooks/", include(hooks.urlpatterns_of("postmark"))),
        path("", include("agentfactory_cs.urls")),
    ]


def _hand_over(raw: bytes, return_path: str = "<ada@customer.example>", secret: str = SECRET, **more: Any) -> Any:
    body = {
        "RawEmail": raw.decode("utf-8", "replace"),
        "MessageID": "pm-1",
        "Headers": [{"Name": "Return-Path", "Value": return_path}],
        **more,
    }
    login = base64.b64encode(secret.encode()).decode()
    client = Client(enforce_csrf_checks=True)
    return client.post(ADDRESS, body, "application/json", headers={"Authorization": f"Basic {login}"})


def test_a_mail_is_kept_at_once_and_taken_in() -> None:
    answer = _hand_over(mail("It is broken: ü", subject="Broken").as_bytes())
    read_waiting(now=NOW)

    row = InboundMail.objects.get()
    assert (answer.status_code, row.state, row.sender) == (200, State.TAKEN_IN, "ada@customer.example")
    assert Ticket.objects.get().subject == "Broken"
    assert row.message is not None
    assert row.message.text == "It is broken: ü"


def test_a_provider_that_repeats_itself_brings_one_ticket() -> None:
    raw = mail("Once", message_id="<once@customer.example>").as_bytes()

    _hand_over(raw)
    _hand_over(raw)
    read_waiting(now=NOW)

    assert Ticket.objects.count() == 1


def test_a_mail_in_pieces_is_put_together() -> None:
    pieces = {
        "FromFull": {"Name": "Ada", "Email": "ada@customer.example"},
        "ToFull": [{"Name": "", "Email": "success@agentfactory.com"}],
        "Subject": "In pieces",
        "TextBody": "Hello",
        "HtmlBody": "<p>Hello</p>",
        "Attachments": [{"Name": "a.txt", "Content": base64.b64encode(b"hi").decode(), "ContentType": "text/csv"}],
    }
    login = base64.b64encode(SECRET.encode()).decode()

    Client().post(ADDRESS, pieces, "application/json", headers={"Authorization": f"Basic {login}"})
    read_waiting(now=NOW)

    message = Ticket.objects.get().messages.get()
    assert (message.text, message.attachments.get().name) == ("Hello", "a.txt")


def test_what_only_the_envelope_tells_counts() -> None:
    """A null sender must not be answered; the reply address may stand in no header."""
    first = arrives(mail("First", message_id="<first@customer.example>")).message
    assert first is not None

    _hand_over(mail("Away").as_bytes(), return_path="<>")
    _hand_over(mail("Blind copy").as_bytes(), OriginalRecipient=reply_address(first.ticket_id))
    read_waiting(now=NOW)

    away, blind = InboundMail.objects.order_by("pk")[1:]
    assert (away.kind, away.state) == ("automatic", State.FILED)
    assert blind.message is not None
    assert blind.message.ticket == first.ticket


def test_an_envelope_cannot_bring_headers_of_its_own() -> None:
    _hand_over(mail("x").as_bytes(), OriginalRecipient="a@b.example>\nAuto-Submitted: auto-replied\nX: <")
    read_waiting(now=NOW)

    assert InboundMail.objects.get().kind == "ordinary"


def test_without_the_secret_nothing_is_kept() -> None:
    assert _hand_over(mail().as_bytes(), secret="guessed:wrong").status_code == 400
    assert not InboundMail.objects.exists()


def test_with_no_secret_configured_the_webhook_is_closed(settings: Any) -> None:
    settings.ANYMAIL = {}
    _open_webhook()

    assert _hand_over(mail().as_bytes()).status_code == 403
    assert not InboundMail.objects.exists()


def test_without_a_provider_there_is_no_webhook() -> None:
    assert hooks.urlpatterns_of("") == []


@pytest.mark.parametrize("provider", ["mailgun", "mailjet", "postmark", "sendgrid"])
def test_providers_that_hand_over_mail_have_a_webhook_and_those_that_do_not_have_none(provider: str) -> None:
    assert [str(one.pattern) for one in hooks.urlpatterns_of(provider)] == [f"mail/{provider}/inbound/"]
    assert hooks.urlpatterns_of("unisender_go") == []
