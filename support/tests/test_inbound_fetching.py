"""Mail fetched from a real IMAP server: stored before it is marked, whatever happens to the line."""

from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from agentfactory_cs.addresses import Mailbox, mailbox
from agentfactory_cs.customers.tests.factories import NOW
from support.inbound.fetching import Fetched, fetch
from support.models import InboundMail, Ticket
from support.tasks import fetch_inbound_mail

from .imap import MailServer, mail_server
from .mails import mail

pytestmark = pytest.mark.django_db


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


def _fetch(server: MailServer, **options: Any) -> Fetched:
    return fetch(server.mailbox, clock=lambda: NOW, **options)


def _raw(number: int) -> bytes:
    return mail(f"Number {number}", message_id=f"<{number}@customer.example>").as_bytes().replace(b"\n", b"\r\n")


def test_what_is_unseen_is_stored_as_it_came_and_marked_as_seen(server: MailServer) -> None:
    odd = b"From: x@y.example\r\nSubject: \xff\xfe\r\n\r\nno headers \x80 to speak of\r\n"
    server.put(_raw(1), odd)

    first, second = _fetch(server), _fetch(server)

    assert (first, second) == (Fetched(new=2), Fetched())
    assert [bytes(row.raw) for row in InboundMail.objects.order_by("pk")] == [_raw(1), odd]  # type: ignore[arg-type]
    assert server.seen() == [True, True]


def test_mail_that_was_stored_before_is_marked_and_not_stored_again(server: MailServer) -> None:
    server.put(_raw(1), _raw(1))

    assert _fetch(server) == Fetched(new=1, known=1)
    assert server.seen() == [True, True]


def test_with_a_folder_for_what_is_done_mail_is_moved_there_seen_or_not(server: MailServer) -> None:
    server.put(_raw(1), _raw(2))
    server.make_folder("Done")
    _fetch(server)

    assert _fetch(server, done_folder="Done") == Fetched(known=2)
    assert (server.seen(), len(server.seen("Done"))) == ([], 2)


def test_a_line_that_goes_dead_in_the_middle_of_a_mail_loses_none(server: MailServer) -> None:
    server.put(*(_raw(number) for number in range(5)))
    server.lasts_for = 2

    broken = _fetch(server)
    stored = InboundMail.objects.count()
    marked = server.seen().count(True)
    server.lasts_for = None
    mended = _fetch(server)

    assert "127.0.0.1" in broken.trouble
    assert (broken.new, stored) == (2, 2)
    assert marked <= stored
    assert broken.new + mended.new == InboundMail.objects.count() == 5
    assert server.seen() == [True] * 5


def test_what_cannot_be_stored_is_not_marked(server: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(raw: bytes, **_told: Any) -> None:
        raise RuntimeError("the disk is full")

    server.put(_raw(1))
    monkeypatch.setattr("support.inbound.fetching.keep", fail)

    with pytest.raises(RuntimeError, match="disk is full"):
        _fetch(server)
    assert server.seen() == [False]


@pytest.mark.parametrize(
    ("change", "says"),
    [({"password": "wrong"}, "MailboxLoginError"), ({"folder": "Nowhere"}, "MailboxFolderSelectError")],
)
def test_what_is_set_up_wrongly_is_said(server: MailServer, change: dict[str, str], says: str) -> None:
    fetched = fetch(replace(server.mailbox, **change), clock=lambda: NOW)  # type: ignore[arg-type]

    assert says in fetched.trouble
    assert fetched.new == 0


def test_a_server_that_is_not_there_is_said() -> None:
    fetched = fetch(Mailbox("127.0.0.1", 9, "a", "b", "INBOX", "ssl"), clock=lambda: NOW)

    assert "ConnectionRefusedError" in fetched.trouble


def test_the_command_fetches_and_takes_in(server: MailServer, settings: Any) -> None:
    settings.IMAP = server.mailbox
    server.put(_raw(1))
    out = StringIO()

    call_command("fetch_mail", stdout=out)

    assert "Fetched 1 new, 0 known before; read 1." in out.getvalue()
    assert Ticket.objects.get().subject == "Help"


def test_the_command_says_what_went_wrong(server: MailServer, settings: Any) -> None:
    settings.IMAP = replace(server.mailbox, password="wrong")

    with pytest.raises(CommandError, match="Not everything was fetched"):
        call_command("fetch_mail", stdout=StringIO())


def test_without_a_mailbox_the_command_says_how_to_name_one_and_the_task_does_nothing(settings: Any) -> None:
    settings.IMAP = None

    with pytest.raises(CommandError, match="IMAP_URL names no mailbox"):
        call_command("fetch_mail")
    fetch_inbound_mail()


def test_the_task_fetches_twice_and_stores_once(server: MailServer, settings: Any) -> None:
    settings.IMAP = server.mailbox
    settings.CELERY_TASK_ALWAYS_EAGER = True
    server.put(_raw(1))

    fetch_inbound_mail()
    fetch_inbound_mail()

    assert InboundMail.objects.count() == 1


def test_files_are_taken_in_by_hand(tmp_path: Path) -> None:
    (tmp_path / "good.eml").write_bytes(_raw(1))
    (tmp_path / "bad.eml").write_bytes(b"not a mail at all")
    out = StringIO()

    call_command("take_in_mail", str(tmp_path / "good.eml"), str(tmp_path / "bad.eml"), stdout=out)

    said = out.getvalue().splitlines()
    assert "good.eml: Taken in. A new ticket." in said[0]
    assert "bad.eml: Could not be read. It names no sender that could be answered." in said[1]


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("take_in_mail", str(tmp_path / "gone.eml"))


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("", None),
        ("imaps://a%40b.c:p%2Fw@mx.example", Mailbox("mx.example", 993, "a@b.c", "p/w", "INBOX", "ssl")),
        ("imap+tls://a:b@mx.example/Support/New", Mailbox("mx.example", 143, "a", "b", "Support/New", "starttls")),
        ("imap://a:b@mx.example:1143", Mailbox("mx.example", 1143, "a", "b", "INBOX", "")),
    ],
)
def test_the_address_of_a_mailbox_is_read(url: str, wanted: Mailbox | None) -> None:
    assert mailbox(url) == wanted


@pytest.mark.parametrize("url", ["pop3://a:b@mx.example", "imaps://mx.example", "imaps://a:b@", "imaps://a:b@x:port"])
def test_another_address_is_refused_without_repeating_the_password(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="IMAP_URL must look like") as refusal:
        mailbox(url)
    assert url not in str(refusal.value)
