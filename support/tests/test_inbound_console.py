"""Inbound mail in the console: what became of each, what a person decides, and files that run nowhere."""

from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agentfactory_cs.customers.tests.factories import make_contact, make_customer, make_member, make_user
from support.models import Attachment, InboundMail, Ticket

from .mails import arrives, mail

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
State = InboundMail.State
LIST = "/admin/support/inboundmail/"


@pytest.fixture
def agent() -> Client:
    """Signed in as a support agent."""
    client = Client()
    client.force_login(make_member("Support agent", "sam"))
    return client


@pytest.fixture
def _held(settings: Any) -> None:
    settings.INBOUND_MAILS_PER_HOUR = 0


def _page(mail: InboundMail) -> str:
    return reverse("admin:support_inboundmail_change", args=(mail.pk,))


def _act(client: Client, mail: InboundMail, verb: str) -> Any:
    return client.post(reverse("admin:support_inboundmail_act", args=(mail.pk, verb)), follow=True)


def test_the_list_opens_on_what_somebody_must_decide_and_says_why(agent: Client) -> None:
    arrives(mail(subject="Went well"))
    arrives(b"Subject: From nobody\n\nx")

    shown = agent.get(LIST).content.decode()

    assert "From nobody" in shown
    assert "It names no sender that could be answered." in shown
    assert "Went well" not in shown
    assert "Went well" in agent.get(LIST, {"which": "all"}).content.decode()


def test_the_list_takes_the_same_queries_however_long_it_is(agent: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            agent.get(LIST, {"which": "all"})
        return len(seen)

    arrives(mail())
    one = queries()
    for number in range(10):
        arrives(mail(str(number)), minutes=number)

    assert queries() == one


def test_a_mail_is_found_by_its_sender(agent: Client) -> None:
    arrives(mail(subject="Mine"))
    arrives(mail(subject="Hers", sender="eve@elsewhere.example"))

    shown = agent.get(LIST, {"which": "all", "q": "ada@customer.example"}).content.decode()

    assert "Mine" in shown
    assert "Hers" not in shown


def test_the_page_shows_what_it_says_with_headers_and_quotation_folded(agent: Client) -> None:
    row = arrives(mail("Yes <b>\n\nOn 1 Jul 2026, Sam wrote:\n> Is it?", X_Mailer="Pigeon 1.0"))

    shown = agent.get(_page(row)).content.decode()

    assert "Yes &lt;b&gt;" in shown
    assert "&gt; Is it?" in shown
    assert "Pigeon 1.0" in shown
    assert f"#{Ticket.objects.get().pk}" in shown
    assert "Let it in" not in shown


def test_html_is_shown_where_nothing_runs(agent: Client) -> None:
    row = arrives(mail("x", html='<p>y</p><img src="https://track.example/x.gif"><script>alert(1)</script>'))

    shown = agent.get(_page(row)).content.decode()

    assert "<iframe" in shown
    assert "sandbox srcdoc=" in shown
    assert "<script>alert(1)" not in shown
    assert "remote:https://track.example" in shown


@pytest.mark.usefixtures("_held")
def test_a_held_mail_is_let_in(agent: Client) -> None:
    row = arrives(mail(subject="Too many"))

    shown = _act(agent, row, "let-in")

    row.refresh_from_db()
    assert "It is let in." in shown.content.decode()
    assert row.state == State.TAKEN_IN
    assert row.because.endswith("Let in by sam.")


@pytest.mark.usefixtures("_held")
def test_many_that_were_held_are_let_in_at_once_and_the_rest_counted(agent: Client) -> None:
    rows = [arrives(mail(str(number)), minutes=number / 10) for number in range(3)] + [arrives(b"x")]

    chosen = {"action": "let_in", "_selected_action": [row.pk for row in rows]}
    shown = agent.post(LIST, chosen, follow=True).content.decode()

    assert "3 mails are let in, 1 needs a look of its own." in shown
    assert Ticket.objects.count() == 3


def test_what_failed_is_read_again(agent: Client) -> None:
    row = arrives(mail())
    Ticket.objects.all().delete()
    InboundMail.objects.update(state=State.FAILED, because="The disk was full.")

    _act(agent, row, "again")

    row.refresh_from_db()
    assert row.state == State.WAITING


def test_a_ticket_is_made_of_an_automatic_mail(agent: Client) -> None:
    row = arrives(mail(Auto_Submitted="auto-generated", subject="Form filled in"))

    _act(agent, row, "ticket")

    assert Ticket.objects.get().subject == "Form filled in"


def test_what_cannot_be_decided_any_more_is_said(agent: Client) -> None:
    row = arrives(mail())

    shown = _act(agent, row, "let-in").content.decode()

    assert "nothing to decide" in shown
    assert _act(agent, row, "explode").status_code == 404


@pytest.mark.parametrize("raw", [b"\x00\xff" * 40, b"From: a@b.example\nContent-Type: multipart/mixed\n\n"])
def test_every_page_opens_whatever_came(agent: Client, raw: bytes) -> None:
    row = arrives(raw)
    assert agent.get(_page(row)).status_code == 200

    InboundMail.objects.update(raw=None)
    assert agent.get(_page(row)).status_code == 200


def test_the_whole_mail_is_saved_as_it_came(agent: Client) -> None:
    row = arrives(b"From: a@b.example\r\n\r\n\xff")

    answer = agent.get(reverse("admin:support_inboundmail_raw", args=(row.pk,)))

    assert answer.content == b"From: a@b.example\r\n\r\n\xff"
    assert answer["Content-Disposition"].startswith("attachment")


def test_who_may_only_look_decides_nothing_and_strangers_see_nothing() -> None:
    row = arrives(mail(Precedence="bulk"))
    viewer, nobody = Client(), Client()
    viewer.force_login(make_user("vera"))
    nobody.force_login(make_user("norman"))

    assert nobody.get(_page(row)).status_code == 403
    assert _act(viewer, row, "ticket").status_code == 403
    assert Client().get(_page(row)).status_code == 302
    assert not Ticket.objects.exists()


@pytest.fixture
def attachment(settings: Any, tmp_path: Path) -> Attachment:
    settings.MEDIA_ROOT = tmp_path
    make_contact(make_customer(), email="ada@customer.example")
    letter = mail("See the file")
    letter.add_attachment(b"<svg onload=alert(1)>", maintype="image", subtype="png", filename='a"b.png')
    arrives(letter)
    return Attachment.objects.get()


def _download(client: Client, attachment: Attachment) -> Any:
    return client.get(reverse("admin:support_attachment_download", args=(attachment.pk,)))


def test_a_file_is_saved_and_never_shown(agent: Client, attachment: Attachment) -> None:
    answer = _download(agent, attachment)

    assert b"".join(answer.streaming_content) == b"<svg onload=alert(1)>"
    assert answer["Content-Disposition"].startswith("attachment;")
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("application/octet-stream", "nosniff")
    assert "sandbox" in answer["Content-Security-Policy"]


def test_only_who_may_see_files_gets_them(attachment: Attachment) -> None:
    nobody = Client()
    nobody.force_login(make_user("norman"))

    assert _download(nobody, attachment).status_code == 403
    assert _download(Client(), attachment).status_code == 302


def test_a_file_that_was_refused_or_is_gone_from_the_disk_is_not_there(agent: Client, attachment: Attachment) -> None:
    attachment.file.storage.delete(attachment.file.name or "")
    assert _download(agent, attachment).status_code == 404

    Attachment.objects.update(file="", refused_because="It is too large.")
    assert _download(agent, attachment).status_code == 404


def test_files_lie_outside_of_what_is_served(agent: Client, attachment: Attachment, tmp_path: Path) -> None:
    assert Path(attachment.file.path).is_relative_to(tmp_path)
    assert agent.get(f"/media/{attachment.file.name}").status_code == 404
