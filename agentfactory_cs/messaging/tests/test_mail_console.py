"""Mail in the console: the outbox by state, one mail as its reader sees it, and what is done about it."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from agentfactory_cs.customers.tests.factories import NOW, make_member
from agentfactory_cs.messaging import outbox, pace, suppression
from agentfactory_cs.messaging.models import Email, SendingPace, Suppression
from agentfactory_cs.messaging.sending import deliver_due

from .mails import days, make_email, make_reader, make_sent, make_template
from .sink import Sink

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
State = Email.State
LIST = "/admin/messaging/email/"


def _page(email: Email) -> str:
    return f"{LIST}{email.pk}/change/"


def _act(console: Client, email: Email, verb: str, **form: str) -> str:
    """Press a button of a mail's page; returns the page that follows."""
    address = reverse("admin:messaging_email_act", args=(email.pk, verb))
    html = console.post(address, form, follow=True).content.decode()
    email.refresh_from_db()
    return html


def _subjects(html: str) -> list[str]:
    return re.findall(r'class="af-name">([^<]+)<', html)


def test_the_list_opens_on_what_a_person_must_decide(console: Client) -> None:
    held = make_email(template=make_template(name="Held one"))
    make_email(template=make_template(name="Waiting one"))
    outbox.hold(held, reason="I want to read it first.", now=NOW)

    html = console.get(LIST).content.decode()
    waiting = console.get(f"{LIST}?which=waiting").content.decode()

    assert _subjects(html) == ["Held one"]
    assert "I want to read it first." in html
    assert _subjects(waiting) == ["Waiting one"]


def test_the_sidebar_counts_what_waits_for_a_person(console: Client) -> None:
    outbox.hold(make_email(), reason="I want to read it first.", now=NOW)

    html = console.get("/admin/").content.decode()

    assert re.search(r"Mail\s*</span>.*?>\s*1\s*<", html, re.DOTALL)


def test_the_list_costs_the_same_however_long_it_is(console: Client, django_assert_max_num_queries: Any) -> None:
    for _ in range(3):
        make_email()
    console.get(f"{LIST}?which=all")
    with django_assert_max_num_queries(100) as few:
        console.get(f"{LIST}?which=all")
    for _ in range(12):
        make_email()

    with django_assert_max_num_queries(100) as many:
        console.get(f"{LIST}?which=all")

    assert len(many) == len(few)


def test_a_sent_mail_is_shown_as_its_reader_sees_it(console: Client, sink: Sink) -> None:
    email = make_email(make_reader(name="Ada <b>Lovelace</b>"))
    deliver_due(clock=lambda: NOW)
    email.refresh_from_db()

    html = console.get(_page(email)).content.decode()

    shown = re.search(r'<iframe class="af-mail" sandbox srcdoc="([^"]*)"', html)
    assert shown
    assert unescape(shown[1]) == email.html
    assert "List-Unsubscribe-Post" in html
    assert email.message_id.strip("<>") in html
    assert "Handed over to the mail server" in html


def test_a_waiting_mail_says_what_will_become_of_it(console: Client) -> None:
    contact = make_reader(name="Ada")
    email = make_email(contact, due_at=NOW + days(2))
    suppression.suppress(contact.email, reason=Suppression.Reason.UNSUBSCRIBED, now=NOW)

    html = console.get(_page(email)).content.decode()

    email.refresh_from_db()
    assert "For Ada" in html
    assert "As things stand, it will not be sent. The contact unsubscribed from all topics." in html
    assert (email.state, email.message_id) == (State.WAITING, "")


def test_a_mail_that_cannot_be_written_says_what_is_missing(console: Client) -> None:
    email = make_email(template=make_template(html="<p>{{ contact.shoe_size }}</p>"))

    html = console.get(_page(email)).content.decode()

    assert "contact.shoe_size" in html
    assert "it will be held for a person: it cannot be written" in html


def test_sending_now_goes_out_at_night_and_past_the_cap(console: Client, sink: Sink) -> None:
    contact = make_reader(time_zone="Asia/Tokyo")
    for _ in range(4):
        make_sent(contact, NOW - days(1))
    email = make_email(contact, due_at=NOW + days(2))

    html = _act(console, email, "send-now")
    deliver_due(clock=lambda: NOW)

    email.refresh_from_db()
    assert "It goes out now." in html
    assert email.state == State.SENT


def test_a_mail_is_stopped_with_a_reason_and_not_without(console: Client) -> None:
    email = make_email()

    refused = _act(console, email, "cancel", reason=" ")
    assert "Say why, in a sentence." in refused
    assert email.state == State.WAITING

    _act(console, email, "cancel", reason="They called us.")
    assert (email.state, email.reason) == (State.WITHHELD, "They called us.")
    assert "They called us. (mia)" in console.get(_page(email)).content.decode()


def test_an_uncertain_mail_offers_that_it_arrived_or_to_risk_it_twice(console: Client) -> None:
    email = make_sent(make_reader(), NOW)
    Email.objects.filter(pk=email.pk).update(
        state=State.UNCERTAIN, sent_at=None, claimed_at=NOW - timedelta(hours=1), reason="The worker stopped."
    )

    html = console.get(_page(email)).content.decode()
    _act(console, email, "arrived")

    assert "Perhaps it arrived: then its reader gets it twice." in html
    assert (email.state, email.sent_at) == (State.SENT, NOW - timedelta(hours=1))


def test_who_may_only_read_sees_no_buttons_and_can_press_none() -> None:
    email = make_email()
    viewer = Client()
    viewer.force_login(make_member("Viewer"))

    html = viewer.get(_page(email)).content.decode()
    answer = viewer.post(reverse("admin:messaging_email_act", args=(email.pk, "send-now")))

    email.refresh_from_db()
    assert "/act/" not in html
    assert answer.status_code == 403
    assert email.is_automatic


def test_a_provider_that_refused_us_is_told_of_above_the_list_and_tried_again_by_a_button(
    console: Client, settings: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    pace.pace_of("smtp", NOW)
    pace.stop("smtp", "The mail server answered 535: wrong password", NOW)

    html = console.get(f"{LIST}?which=all").content.decode()
    dashboard = console.get("/admin/card/messaging.mail/").content.decode()
    console.get("/admin/messaging/sendingpace/smtp/go-on/")

    assert "No mail goes out." in html
    assert "535: wrong password" in dashboard
    assert SendingPace.objects.get(pk="smtp").stopped_until == NOW


def test_the_customers_page_tells_what_was_sent_and_what_not_and_why(console: Client) -> None:
    contact = make_reader()
    make_sent(contact, NOW - days(1))
    outbox.cancel(make_email(contact), reason="They called us.", now=NOW)

    html = console.get(f"/admin/panel/messaging.mail/{contact.customer_id}/").content.decode()

    assert "Earlier" in html
    assert "They called us." in html


def test_an_address_is_put_on_the_never_again_list_once(console: Client) -> None:
    add = "/admin/messaging/suppression/add/"

    console.post(add, {"address": "Ada@Example.com", "topic": "", "detail": "Asked on the phone."})
    again = console.post(add, {"address": "ada@example.com", "topic": "", "detail": ""}).content.decode()

    entry = Suppression.objects.get()
    assert (entry.address, entry.reason, entry.created_by.username) == ("ada@example.com", "by_hand", "mia")  # type: ignore[union-attr]
    assert "This address is on the list already." in again


def test_an_address_is_taken_off_with_a_reason(console: Client) -> None:
    entry = suppression.suppress("ada@example.com", reason=Suppression.Reason.BY_HAND, now=NOW)
    assert entry is not None
    page = f"/admin/messaging/suppression/{entry.pk}/change/"

    refused = console.post(page, {"lift_reason": ""}).content.decode()
    console.post(page, {"lift_reason": "Asked for it again."})

    entry.refresh_from_db()
    assert "Say why this address may get mail again." in refused
    assert (entry.lifted_at, entry.lift_reason, entry.lifted_by.username) == (NOW, "Asked for it again.", "mia")  # type: ignore[union-attr]
