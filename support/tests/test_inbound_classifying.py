"""What is from a person and what is from a machine, by the headers machines write."""

import csv
from email import message_from_bytes
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.inbound.bounces import read_bounce
from support.inbound.classifying import Judgement, Ours, classify
from support.inbound.complaints import read_complaint
from support.inbound.reading import letter_of, parse

from .mails import US, mail, report

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "mail"
KINDS = {"bounce": "bounce", "arf-complaint": "complaint", "auto-reply": "automatic", "not-bounce": "ordinary"}
needs_real_mail = pytest.mark.skipif(not REAL.is_dir(), reason="the collection of real mails is not here")


def judge(raw: bytes, ours: Ours = Ours({US})) -> Judgement:  # noqa: B008 - frozen
    message = parse(raw)
    return classify(letter_of(message), message, ours)


def _labels() -> list[tuple[str, str]]:
    if not REAL.is_dir():
        return []
    with (REAL / "labels.csv").open(encoding="utf-8") as lines:
        return [(row["file"], KINDS[row["kind"]]) for row in csv.DictReader(lines)]


@needs_real_mail
def test_there_are_enough_real_mails_to_say_something() -> None:
    assert len(_labels()) == 89


@pytest.mark.parametrize(("file", "kind"), _labels() or [pytest.param("", "", marks=needs_real_mail)])
def test_real_mail_is_taken_for_what_it_is(file: str, kind: str) -> None:
    assert judge((REAL / file).read_bytes()).kind == kind


@needs_real_mail
def test_of_the_real_bounces_seven_in_ten_say_whom_they_did_not_reach_and_nine_in_ten_about_which_mail() -> None:
    read = [parse((REAL / file).read_bytes()) for file, kind in _labels() if kind == "bounce"]
    bounces = [read_bounce(letter_of(message), message) for message in read]

    assert sum(bool(bounce.failures) for bounce in bounces) >= 0.7 * len(bounces)
    assert sum(bool(bounce.message_ids) for bounce in bounces) >= 0.9 * len(bounces)


@pytest.mark.parametrize(
    ("headers", "because"),
    [
        ({"Auto_Submitted": "auto-replied"}, "Auto-Submitted: auto-replied"),
        ({"Auto_Submitted": 'auto-generated (vacation); owner="x"'}, "Auto-Submitted: auto-generated"),
        ({"Return_Path": "<>"}, "without a return path"),
        ({"Precedence": "bulk"}, "Precedence: bulk"),
        ({"Precedence": "LIST"}, "Precedence: list"),
        ({"Precedence": "auto_reply"}, "Precedence: auto_reply"),
        ({"List_Id": "Announcements <announce.elsewhere.example>"}, "List-Id"),
        ({"List_Unsubscribe": "<mailto:leave@elsewhere.example>"}, "List-Unsubscribe"),
        ({"X_Autoreply": "yes"}, "X-Autoreply"),
        ({"X_Autorespond": "Re: Invoice"}, "X-Autorespond"),
        ({"X_Apple_Action": "VACATION"}, "X-Apple-Action"),
        ({"X_Auto_Response_Suppress": "All", "subject": "Out of office: Invoice"}, "Out of office"),
        ({"X_Auto_Response_Suppress": "All", "subject": "Automatische Antwort: Rechnung"}, "Automatische Antwort"),
        ({"sender": "no-reply@customer.example", "subject": "Automatic reply: Invoice"}, "Automatic reply"),
        ({"sender": US}, "our own mail"),
        ({"message_id": "<ours@agentfactory.com>"}, "mail that we sent"),
    ],
)
def test_machines_give_themselves_away(headers: dict[str, str], because: str) -> None:
    judgement = judge(mail(**headers).as_bytes(), Ours({US}, {"<ours@agentfactory.com>"}))

    assert judgement.kind == "automatic"
    assert because in judgement.because


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Auto_Submitted": "no"},
        {"Return_Path": "<ada@customer.example>"},
        {"Precedence": "first-class"},
        {"X_Autoreply": "no"},
        {"subject": "Out of office replies do not work"},
        {"subject": "Urlaub: wer antwortet?"},
        {"subject": "Undelivered Mail Returned to Sender"},
        {"subject": "[SPAM?] failure notice for my agent"},
        {"List_Id": f"Support <{US.replace('@', '.')}>", "Precedence": "first-class"},
        {"List_Post": f"<mailto:{US}>", "List_Id": "<success.agentfactory.com>"},
        {"sender": "postmaster@customer.example"},
        {"sender": "Daemon Dale <dale@customer.example>"},
    ],
)
def test_people_are_taken_for_people_whatever_they_write_about(headers: dict[str, str]) -> None:
    assert judge(mail(**headers).as_bytes()) == Judgement("ordinary")


@pytest.mark.parametrize("headers", [{"X_Auto_Response_Suppress": "All"}, {"sender": "noreply@form.example"}])
def test_what_asks_for_no_answer_becomes_a_ticket_that_gets_none_by_itself(headers: dict[str, str]) -> None:
    assert judge(mail(**headers).as_bytes()) == Judgement("ordinary", is_quiet=True)


@pytest.mark.parametrize(
    ("status", "action", "is_final"),
    [
        ("5.1.1", "failed", True),
        ("5.1.10", "failed", True),
        ("5.2.1", "failed", True),
        ("5.0.0", "failed", True),
        ("5.2.2", "failed", False),  # full
        ("5.7.1", "failed", False),  # policy
        ("5.1.8", "failed", False),  # our address, not theirs
        ("5.3.4", "failed", False),  # too large
        ("4.4.1", "failed", False),
        ("4.4.1", "delayed", False),
        ("5.1.1", "delayed", False),
    ],
)
def test_only_an_address_where_nobody_is_fails_for_good(status: str, action: str, is_final: bool) -> None:
    message = parse(report("gone@customer.example", "<ours@agentfactory.com>", status=status, action=action))

    bounce = read_bounce(letter_of(message), message)

    assert [(one.address, one.is_final) for one in bounce.failures] == [("gone@customer.example", is_final)]
    assert bounce.message_ids == ("<ours@agentfactory.com>",)


def test_recipients_that_were_reached_are_no_failures() -> None:
    message = parse(report("fine@customer.example", "<ours@agentfactory.com>", status="2.1.5", action="delivered"))

    assert read_bounce(letter_of(message), message).failures == ()


def test_a_bounce_without_a_report_names_whom_it_did_not_reach_in_a_header() -> None:
    late = mail("Message will be retried", sender="MAILER-DAEMON@mx.example", subject="Delivery delayed")
    late["X-Failed-Recipients"] = "gone@customer.example"
    lost = mail("No such user", sender="MAILER-DAEMON@mx.example", subject="Mail delivery failed")
    lost["X-Failed-Recipients"] = "gone@customer.example, also@customer.example"

    found = [read_bounce(letter_of(message), message).failures for message in (late, lost)]

    assert [(one.address, one.is_final) for one in found[0]] == [("gone@customer.example", False)]
    assert [(one.address, one.is_final) for one in found[1]] == [
        ("also@customer.example", True),
        ("gone@customer.example", True),
    ]


@given(st.binary(max_size=400), st.integers(0, 900))
def test_a_report_that_was_damaged_on_its_way_breaks_nothing(noise: bytes, place: int) -> None:
    whole = report("gone@customer.example", "<ours@agentfactory.com>")
    message = parse(whole[:place] + noise + whole[place:])
    letter = letter_of(message)

    judgement = classify(letter, message, Ours({US}))

    assert judgement.kind in KINDS.values()
    assert all("@" in one.address for one in read_bounce(letter, message).failures)
    assert isinstance(read_complaint(letter, message).message_ids, tuple)


def test_the_library_that_knows_old_bounces_is_asked_with_its_own_kind_of_message() -> None:
    raw = b"""From: MAILER-DAEMON@mx.example
To: success@agentfactory.com
Subject: failure notice

Hi. This is the qmail-send program at mx.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<gone@customer.example>:
192.0.2.1 does not like recipient.
Remote host said: 550 no such user

--- Below this line is a copy of the message.

Message-ID: <ours@agentfactory.com>
"""
    bounce = read_bounce(letter_of(message_from_bytes(raw)), message_from_bytes(raw))

    assert [(one.address, one.is_final) for one in bounce.failures] == [("gone@customer.example", True)]
    assert bounce.message_ids == ("<ours@agentfactory.com>",)
