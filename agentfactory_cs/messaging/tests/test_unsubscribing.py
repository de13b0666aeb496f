"""The pages a reader sees: what mail they get."""

import re

import pytest
from django.test import Client

from agentfactory_cs.customers.models import Contact
from agentfactory_cs.customers.tests.factories import NOW
from agentfactory_cs.events.models import Event
from agentfactory_cs.messaging import suppression
from agentfactory_cs.messaging.models import Suppression, Topic
from agentfactory_cs.messaging.unsubscribing import token_of

from .mails import make_reader, make_topic

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


@pytest.fixture
def reader() -> Contact:
    Topic.objects.all().delete()
    make_topic("tips", name="Tips")
    make_topic("news", name="News")
    make_topic("answers", name="Answers", is_transactional=True)
    return make_reader(email="ada@example.com")


def _page(reader: Contact, topic: str = "tips") -> str:
    return f"/mail/unsubscribe/{token_of(reader.pk, topic)}/"


def _one_click(reader: Contact, topic: str = "tips") -> str:
    return f"/mail/one-click/{token_of(reader.pk, topic)}/"


def _left() -> set[str | None]:
    return set(Suppression.objects.filter(lifted_at=None).values_list("topic", flat=True))


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_changes_nothing(reader: Contact, client: Client, method: str) -> None:
    """Mail scanners follow every link."""
    for address in (_page(reader), _one_click(reader)):
        assert getattr(client, method)(address, follow=True).status_code == 200

    assert _left() == set()


def test_the_page_offers_every_topic_one_can_leave(reader: Contact, client: Client) -> None:
    html = client.get(_page(reader)).content.decode()

    assert re.findall(r'name="topic" value="(\w+)" checked', html) == ["news", "tips"]
    assert "ada@example.com" in html
    assert "http://" not in html.replace("http://www.w3.org", "")


def test_one_click_leaves_the_topic_of_the_mail(reader: Contact) -> None:
    """Posted by a mail program: no cookie, no token of a form."""
    browserless = Client(enforce_csrf_checks=True)

    answer = browserless.post(_one_click(reader), {"List-Unsubscribe": "One-Click"})

    assert (answer.status_code, answer.content) == (200, b"")
    assert _left() == {"tips"}
    event = Event.objects.get(trigger="messaging.unsubscribed")
    assert (event.customer_id, event.data["topic"]) == (reader.customer_id, "Tips")


def test_the_page_itself_wants_the_token_of_its_form(reader: Contact) -> None:
    answer = Client(enforce_csrf_checks=True).post(_page(reader), {"leave": "all"})

    assert answer.status_code == 403
    assert _left() == set()


def test_leaving_all_marks_the_contact(reader: Contact, client: Client) -> None:
    answer = client.post(_page(reader), {"leave": "all"}, follow=True)

    reader.refresh_from_db()
    assert "Saved" in answer.content.decode()
    assert _left() == {None}
    assert reader.mail_status == Contact.MailStatus.UNSUBSCRIBED


def test_choosing_topics_leaves_the_others_and_comes_back(reader: Contact, client: Client) -> None:
    client.post(_page(reader), {"topic": ["news"]})
    chosen = _left()
    client.post(_page(reader), {"leave": "all"})
    nothing = _left()
    client.post(_page(reader), {"topic": ["news", "tips"]})

    reader.refresh_from_db()
    assert (chosen, nothing, _left()) == ({"tips"}, {"tips", None}, set())
    assert reader.mail_status == Contact.MailStatus.OK
    assert Event.objects.filter(trigger="messaging.resubscribed").count() == 2


def test_choosing_nothing_is_leaving_all(reader: Contact, client: Client) -> None:
    client.post(_page(reader))

    assert _left() == {None}


def test_doing_it_twice_is_doing_it_once(reader: Contact, client: Client) -> None:
    for _ in range(2):
        client.post(_one_click(reader))

    assert Suppression.objects.count() == 1
    assert Event.objects.filter(trigger="messaging.unsubscribed").count() == 1


@pytest.mark.parametrize("reason", [Suppression.Reason.BOUNCED, Suppression.Reason.COMPLAINED])
def test_a_bounce_or_complaint_is_not_undone_by_choosing(reader: Contact, client: Client, reason: str) -> None:
    suppression.suppress(reader.email, reason=reason, now=NOW)

    client.post(_page(reader), {"topic": ["news", "tips"]})

    reader.refresh_from_db()
    assert _left() == {None}
    assert reader.mail_status == reason


def test_who_unsubscribed_and_then_complains_gets_nothing_at_all(reader: Contact, client: Client) -> None:
    client.post(_page(reader), {"leave": "all"})

    suppression.suppress(reader.email, reason=Suppression.Reason.COMPLAINED, now=NOW)

    reader.refresh_from_db()
    assert Suppression.objects.get().reason == Suppression.Reason.COMPLAINED
    assert reader.mail_status == Contact.MailStatus.COMPLAINED


def test_a_link_we_did_not_make_or_whose_reader_is_gone_says_so(reader: Contact, client: Client) -> None:
    genuine = _page(reader)
    forged = genuine.replace(genuine[-6], "x" if genuine[-6] != "x" else "y")
    reader.delete()

    for address in (genuine, forged, "/mail/unsubscribe/nonsense/"):
        answer = client.get(address)
        assert answer.status_code == 404
        assert "This link does not work" in answer.content.decode()
    assert client.post("/mail/one-click/nonsense/").status_code == 404


def test_the_page_tells_nobody_where_it_was(reader: Contact, client: Client) -> None:
    page = client.get(_page(reader))

    assert (page["Referrer-Policy"], page["X-Robots-Tag"], page["Cache-Control"]) == (
        "no-referrer",
        "noindex",
        "no-store",
    )
