"""What a provider tells of mails, through its real webhook; here Postmark's."""

import base64
import itertools
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import include, path

from agentfactory_cs.customers.models import Contact
from agentfactory_cs.customers.tests.factories import NOW
from agentfactory_cs.events.models import Event
from agentfactory_cs.messaging import hooks
from agentfactory_cs.messaging.models import Email, EmailEvent, Suppression

from .mails import make_email, make_reader, make_sent

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
State = Email.State
ADDRESS = "/hooks/mail/postmark/tracking/"
SECRET = "provider:secret"

urlpatterns: list[Any] = []


@pytest.fixture(autouse=True)
def _provider(settings: Any) -> Iterator[None]:
    """Postmark is configured: its webhook, and no other, is there."""
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET}
    _open_webhook()
    settings.ROOT_URLCONF = __name__
    yield
    from anymail.signals import tracking

    tracking.disconnect(dispatch_uid="messaging.take_in")


def _open_webhook() -> None:
    urlpatterns[:] = [
        path("hooks/", include(hooks.urlpatterns_of("postmark"))),
        path("", include("agentfactory_cs.urls")),
    ]


def _tell(email: Email, kind: str, secret: str = SECRET, minute: int = 0, **more: Any) -> Any:
    when = (NOW - timedelta(hours=1) + timedelta(minutes=minute)).isoformat()
    moment = {"Delivery": "DeliveredAt", "Bounce": "BouncedAt", "SpamComplaint": "BouncedAt"}.get(kind, "ReceivedAt")
    body = {"RecordType": kind, "MessageID": email.provider_id, "Recipient": email.address, moment: when, **more}
    login = base64.b64encode(secret.encode()).decode()
    return Client().post(ADDRESS, body, "application/json", headers={"Authorization": f"Basic {login}"})


@pytest.fixture
def email() -> Email:
    mail = make_sent(make_reader(email="ada@example.com"), NOW - timedelta(hours=2))
    Email.objects.filter(pk=mail.pk).update(provider_id="pm-1")
    mail.refresh_from_db()
    return mail


def _kinds(email: Email) -> list[str]:
    return list(Event.objects.filter(data__email=email.pk).order_by("pk").values_list("trigger", flat=True))


def test_without_the_secret_nothing_is_taken_in(email: Email) -> None:
    refused = _tell(email, "Delivery", secret="guessed:wrong")

    assert refused.status_code == 400
    assert not EmailEvent.objects.exists()


def test_with_no_secret_configured_the_webhook_is_closed(email: Email, settings: Any) -> None:
    settings.ANYMAIL = {}
    _open_webhook()

    assert _tell(email, "Delivery").status_code == 403
    assert not EmailEvent.objects.exists()


def test_what_is_told_twice_counts_once(email: Email) -> None:
    for _ in range(2):
        assert _tell(email, "Delivery").status_code == 200

    email.refresh_from_db()
    assert email.delivered_at == NOW - timedelta(hours=1)
    assert _kinds(email) == ["messaging.email_delivered"]
    assert EmailEvent.objects.count() == 1


@pytest.mark.parametrize(
    "order", list(itertools.permutations([("Delivery", 0), ("Open", 1), ("Click", 2), ("Open", 3)]))
)
def test_in_whatever_order_it_comes_the_row_says_the_same(email: Email, order: Any) -> None:
    for kind, minute in order:
        _tell(email, kind, minute=minute)

    email.refresh_from_db()
    assert email.delivered_at == NOW - timedelta(minutes=60)
    # Postmark says when only of deliveries; the others happened when we heard of them.
    assert email.opened_at is not None
    assert email.clicked_at is not None
    assert sorted(_kinds(email)) == [
        "messaging.email_clicked",
        "messaging.email_delivered",
        "messaging.email_opened",
    ]


def test_an_address_that_bounces_is_never_written_to_again(email: Email) -> None:
    _tell(email, "Bounce", Type="HardBounce", Description="No such mailbox", Email="ada@example.com", ID=7)

    email.refresh_from_db()
    assert email.bounced_at is not None
    assert Suppression.objects.get().reason == Suppression.Reason.BOUNCED
    assert Contact.objects.get().mail_status == Contact.MailStatus.BOUNCED
    assert _kinds(email) == ["messaging.email_bounced"]


def test_a_bounce_that_passes_says_nothing_against_the_address(email: Email) -> None:
    _tell(email, "Bounce", Type="Transient", Email="ada@example.com", ID=8)

    assert not Suppression.objects.exists()
    assert EmailEvent.objects.get().kind == EmailEvent.Kind.DEFERRED


def test_who_calls_it_spam_gets_nothing_at_all(email: Email) -> None:
    _tell(email, "SpamComplaint", Type="SpamComplaint", Email="ada@example.com", ID=9)

    assert Suppression.objects.get().reason == Suppression.Reason.COMPLAINED
    assert Contact.objects.get().mail_status == Contact.MailStatus.COMPLAINED


def test_who_unsubscribes_at_the_provider_leaves_the_topic(email: Email) -> None:
    _tell(email, "SubscriptionChange", SuppressSending=True, SuppressionReason="ManualSuppression")

    assert Suppression.objects.get().topic_id == "tips"


def test_an_uncertain_mail_that_was_delivered_was_sent(email: Email) -> None:
    Email.objects.filter(pk=email.pk).update(state=State.UNCERTAIN, sent_at=None, claimed_at=NOW, reason="Worker died.")

    _tell(email, "Delivery")

    email.refresh_from_db()
    assert (email.state, email.sent_at, email.reason) == (State.SENT, NOW, "")


def test_mail_of_others_on_the_same_account_is_kept_without_consequence() -> None:
    unknown = make_email()
    unknown.provider_id, unknown.address = "pm-unknown", "eve@example.com"

    answer = _tell(unknown, "Bounce", Type="HardBounce", Email="eve@example.com", ID=10)

    assert answer.status_code == 200
    assert EmailEvent.objects.get().email is None
    assert not Suppression.objects.exists()
