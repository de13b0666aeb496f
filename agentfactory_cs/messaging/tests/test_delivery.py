"""Notices to our own people, sent to a real mail server and a real web server."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from pytest_django import Settings

from agentfactory_cs.customers.models import Company
from agentfactory_cs.customers.tests.factories import NOW, make_member, make_user
from agentfactory_cs.messaging import delivery, notices, tasks
from agentfactory_cs.messaging.models import Notice
from agentfactory_cs.messaging.slack import escaped, link, masked

from .receivers import Mailbox, SlackLike, free_port, mail_server, web_server

pytestmark = pytest.mark.django_db


@pytest.fixture
def mailbox(settings: Settings) -> Iterator[Mailbox]:
    with mail_server() as mailbox:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", mailbox.port
        yield mailbox


@pytest.fixture
def slack() -> Iterator[SlackLike]:
    with web_server() as slack:
        yield slack


def a_mail(key: str = "1", **fields: Any) -> Notice:
    user = make_user(email=fields.pop("email", "clara@example.com"))
    values = {"kind": "tests", "subject": "Three alerts", "text": "Look.", "html": "<p>Look.</p>"} | fields
    notice = notices.write_to(user, dedupe_key=key, now=NOW, **values)
    assert notice is not None
    return notice


def a_post(slack: SlackLike, key: str = "1") -> Notice:
    notice = notices.post_to_slack(slack.address, kind="tests", subject="S", text="*Hi*", dedupe_key=key, now=NOW)
    assert notice is not None
    return notice


def deliver(at: datetime = NOW) -> int:
    return delivery.deliver_due(clock=lambda: at)


def reread(notice: Notice) -> Notice:
    notice.refresh_from_db()
    return notice


class TestMail:
    def test_a_mail_arrives_as_written(self, mailbox: Mailbox) -> None:
        Company.objects.update_or_create(pk=1, defaults={"name": "Acme, Inc", "sender_email": "cs@acme.example"})
        notice = a_mail()

        assert deliver() == 1

        (mail,) = mailbox.mails
        assert (mail["To"], mail["Subject"]) == ("clara@example.com", "Three alerts")
        assert mail["From"] == '"Acme, Inc" <cs@acme.example>'
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail["Message-ID"] == reread(notice).message_id
        assert notice.message_id.endswith("@acme.example>")
        assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
        assert (notice.state, notice.sent_at, notice.attempts) == ("sent", NOW, 1)

    def test_several_go_over_one_connection(self, mailbox: Mailbox) -> None:
        for key in "abc":
            a_mail(key)

        assert deliver() == 3

        assert len(mailbox.sessions) == 1

    def test_nothing_is_sent_twice(self, mailbox: Mailbox) -> None:
        a_mail()

        deliver()
        tasks.deliver_notices()

        assert len(mailbox.mails) == 1

    def test_what_must_wait_waits(self, mailbox: Mailbox) -> None:
        Notice.objects.filter(pk=a_mail().pk).update(not_before=NOW + timedelta(hours=1))

        assert deliver() == 0
        assert deliver(NOW + timedelta(hours=1)) == 1

    @pytest.mark.parametrize(
        ("command", "answer", "state"),
        [
            ("clara@example.com", "550 No such user", "failed"),
            ("clara@example.com", "450 Try later", "waiting"),
            ("MAIL", "421 Too many", "waiting"),
            ("MAIL", "553 Not this sender", "failed"),
            ("DATA", "554 Looks like spam", "failed"),
            ("DATA", "452 Disk full", "waiting"),
            ("DATA", "hang up", "uncertain"),
        ],
    )
    def test_a_refusal_is_final_passing_or_unknown(
        self, mailbox: Mailbox, command: str, answer: str, state: str
    ) -> None:
        mailbox.answers[command] = answer
        notice = a_mail()

        assert deliver() == 0

        assert reread(notice).state == state
        assert answer.split()[0] in notice.error or state == "uncertain"
        assert (notice.not_before > NOW) is (state == "waiting")

    def test_one_that_fails_holds_up_no_other(self, mailbox: Mailbox) -> None:
        mailbox.answers["gone@example.com"] = "550 No such user"
        a_mail("1", email="gone@example.com")
        a_mail("2")

        assert deliver() == 1

    def test_without_a_server_it_is_tried_again_ever_later_and_then_given_up(self, settings: Settings) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
        notice, moment, waits = a_mail(), NOW, []

        while reread(notice).state == "waiting":
            moment = notice.not_before
            deliver(moment)
            waits.append(reread(notice).not_before - moment)

        assert (notice.state, notice.attempts) == ("failed", delivery.MAX_ATTEMPTS)
        assert "could not be reached" in notice.error
        assert timedelta(seconds=48) <= waits[0] <= timedelta(seconds=72)
        assert waits[0] < waits[2] < waits[4] < waits[6]

    def test_the_message_id_stays_the_same_with_every_attempt(self, mailbox: Mailbox) -> None:
        mailbox.answers["DATA"] = "452 Disk full"
        notice = a_mail()
        deliver()
        first = reread(notice).message_id
        mailbox.answers.clear()

        deliver(notice.not_before)

        assert mailbox.mails[0]["Message-ID"] == first

    def test_without_a_server_configured_every_mail_is_a_file(self, settings: Settings, tmp_path: Path) -> None:
        settings.EMAIL_BACKEND = "agentfactory_cs.messaging.files.MailFiles"
        settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
        a_mail("1")
        a_mail("2", email="ben@example.com")

        assert deliver() == 2

        first, second = sorted((tmp_path / "mail").iterdir())
        assert first.name.endswith("clara@example.com.eml")
        assert "Subject: Three alerts" in second.read_text()
        assert "<p>Look.</p>" in second.read_text()


class TestWorkersThatStop:
    def _left_in_the_middle(self) -> Notice:
        notice = a_mail()
        claimed = delivery._claim(Company.get(), now=NOW)
        assert claimed is not None
        assert claimed.message_id
        return notice

    def test_while_its_lease_runs_nobody_touches_it(self, mailbox: Mailbox) -> None:
        notice = self._left_in_the_middle()

        assert deliver(NOW + delivery.LEASE) == 0
        assert reread(notice).state == "sending"

    def test_afterwards_it_is_uncertain_and_not_sent_again_by_itself(self, mailbox: Mailbox) -> None:
        notice = self._left_in_the_middle()

        for hours in (1, 2):
            assert deliver(NOW + timedelta(hours=hours)) == 0

        assert reread(notice).state == "uncertain"
        assert "perhaps it arrived" in notice.error
        assert mailbox.mails == []

    def test_who_lost_the_lease_does_not_overwrite_what_was_decided_since(self) -> None:
        a_mail()
        claimed = delivery._claim(Company.get(), now=NOW)
        assert claimed is not None
        deliver(NOW + timedelta(hours=1))

        delivery._note(claimed, state="sent", sent_at=NOW)

        assert reread(claimed).state == "uncertain"

    def test_a_person_has_it_sent_again(self, mailbox: Mailbox) -> None:
        notice = self._left_in_the_middle()
        deliver(NOW + timedelta(hours=1))

        notices.send_again(notice, now=NOW + timedelta(hours=2))

        assert deliver(NOW + timedelta(hours=2)) == 1

    def test_a_person_knows_that_it_arrived(self, mailbox: Mailbox) -> None:
        notice = self._left_in_the_middle()
        deliver(NOW + timedelta(hours=1))

        notices.mark_arrived(notice, now=NOW + timedelta(hours=2))

        assert (reread(notice).state, notice.sent_at) == ("sent", NOW)
        assert deliver(NOW + timedelta(hours=2)) == 0

    @pytest.mark.parametrize("state", Notice.State.values)
    def test_only_what_hangs_is_decided_by_people(self, state: str) -> None:
        notice = a_mail()
        sent_at = NOW if state == "sent" else None
        Notice.objects.filter(pk=notice.pk).update(state=state, sent_at=sent_at, claimed_at=NOW)

        for verb, states in (
            (notices.mark_arrived, {"uncertain"}),
            (notices.send_again, {"uncertain", "failed"}),
        ):
            with transaction.atomic():
                if state in states:
                    verb(notice, now=NOW)
                else:
                    with pytest.raises(ValidationError, match="nothing to decide"):
                        verb(notice, now=NOW)
                transaction.set_rollback(True)


class TestSlack:
    def test_a_post_arrives(self, slack: SlackLike) -> None:
        notice = a_post(slack)

        assert deliver() == 1

        assert slack.posts == [{"text": "*Hi*"}]
        assert reread(notice).state == "sent"

    @pytest.mark.parametrize(
        ("answer", "state"),
        [
            ((429, {"Retry-After": "30"}, "rate_limited"), "waiting"),
            ((500, {}, "rollup_error"), "waiting"),
            ((400, {}, "invalid_payload"), "failed"),
            ((403, {}, "action_prohibited"), "failed"),
            ((404, {}, "channel_not_found"), "failed"),
            ((302, {"Location": "http://127.0.0.1:1/"}, ""), "failed"),
            ((0, {}, ""), "uncertain"),
        ],
    )
    def test_an_answer_is_final_passing_or_unknown(
        self, slack: SlackLike, answer: tuple[int, dict[str, str], str], state: str
    ) -> None:
        slack.answers.append(answer)
        notice = a_post(slack)

        assert deliver() == 0

        assert reread(notice).state == state
        assert answer[2] in notice.error
        assert "secret" not in notice.error

    def test_it_waits_as_long_as_slack_asks(self, slack: SlackLike) -> None:
        slack.answers.append((429, {"Retry-After": "30"}, ""))
        notice = a_post(slack)

        deliver()

        assert reread(notice).not_before == NOW + timedelta(seconds=30)

    def test_where_nobody_listens_it_is_tried_again(self) -> None:
        notice = a_post(SlackLike(f"http://127.0.0.1:{free_port()}/services/secret"))

        deliver()

        assert reread(notice).state == "waiting"
        assert "secret" not in notice.error

    def test_words_cannot_become_markup(self) -> None:
        assert escaped("<!channel> & Sons") == "&lt;!channel&gt; &amp; Sons"
        assert link("https://x.example/", "A|B>") == "<https://x.example/|A¦B&gt;>"


class TestQueue:
    def test_the_same_thing_is_said_once(self) -> None:
        user = make_user(email="clara@example.com")
        words: dict[str, Any] = {"kind": "tests", "subject": "S", "text": "T", "dedupe_key": "monday", "now": NOW}

        assert notices.write_to(user, **words) is not None
        assert notices.write_to(user, **words) is None

    def test_who_has_no_address_gets_no_mail(self) -> None:
        user = make_user()

        assert notices.write_to(user, kind="tests", subject="S", text="T", dedupe_key="1", now=NOW) is None

    @pytest.mark.parametrize(
        "broken", [{"state": "sent"}, {"state": "sending"}, {"recipient": None}, {"channel": "slack"}]
    )
    def test_the_database_refuses_what_cannot_be(self, broken: dict[str, Any]) -> None:
        notice = a_mail()

        with pytest.raises(IntegrityError), transaction.atomic():
            Notice.objects.filter(pk=notice.pk).update(**broken)


@pytest.mark.usefixtures("at_now")
class TestConsole:
    @pytest.fixture
    def at_now(self) -> Iterator[None]:
        with time_machine.travel(NOW, tick=False):
            yield

    @pytest.fixture
    def console(self) -> Client:
        client = Client()
        client.force_login(make_member("CS manager"))
        return client

    def _act(self, console: Client, action: str, *chosen: Notice) -> str:
        body = {"action": action, "_selected_action": [notice.pk for notice in chosen]}
        return console.post("/admin/messaging/notice/", body, follow=True).content.decode()

    def test_a_mail_is_shown_as_its_reader_sees_it_and_can_do_nothing(self, console: Client) -> None:
        notice = a_mail(html='<p onclick="x()">Look</p><script>alert(1)</script>')

        html = console.get(f"/admin/messaging/notice/{notice.pk}/change/").content.decode()

        assert "<iframe" in html
        assert " sandbox srcdoc=" in html
        assert "<script>alert(1)" not in html

    def test_slacks_address_is_a_secret(self, console: Client, slack: SlackLike) -> None:
        notice = a_post(slack)

        pages = [
            console.get(f"/admin/messaging/notice/{page}").content.decode() for page in ("", f"{notice.pk}/change/")
        ]

        for html in pages:
            assert masked(slack.address) in html
            assert "/services/T0" not in html

    def test_what_failed_is_counted_in_the_sidebar_and_sent_again(self, console: Client, mailbox: Mailbox) -> None:
        notice = a_mail()
        Notice.objects.update(state="failed", error="550 No such user")

        before = console.get("/admin/messaging/notice/").context["sidebar_navigation"]
        said = self._act(console, "send_again", notice, a_mail("2"))

        badges = {str(item["title"]): item.get("badge") for group in before for item in group["items"]}
        assert badges["Notices"] == "1"
        assert "1 notice sent again." in said
        assert "is waiting: there is nothing to decide about it." in said
        assert deliver() == 2

    def test_who_may_only_read_decides_nothing(self) -> None:
        client, notice = Client(), a_mail()
        client.force_login(make_member("CSM"))
        Notice.objects.update(state="failed")

        self._act(client, "send_again", notice)

        assert reread(notice).state == "failed"
