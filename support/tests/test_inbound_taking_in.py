"""Whatever comes is kept first; what cannot be made into something waits for a person, with the reason."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError
from django.test import override_settings
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from agentfactory_cs.customers.models import Interaction
from agentfactory_cs.customers.tests.factories import NOW, make_contact, make_customer, make_user
from agentfactory_cs.events.models import Event
from support.inbound import meaning, taking_in
from support.inbound.deciding import let_in, make_ticket, try_again
from support.inbound.keeping import forget_old, keep
from support.inbound.taking_in import MOST_ATTEMPTS, read_waiting
from support.models import Attachment, InboundMail, Message, Ticket
from support.tasks import forget_inbound_mail, read_inbound_mail

from .mails import arrives, mail
from .test_inbound_classifying import REAL, needs_real_mail

pytestmark = pytest.mark.django_db
State = InboundMail.State
# Finding the smallest example over a real database takes minutes.
QUICKLY = (Phase.explicit, Phase.reuse, Phase.generate)


@needs_real_mail
def test_the_real_mails_make_one_ticket_and_no_answer() -> None:
    for file in sorted(REAL.glob("*.eml")):
        keep(file.read_bytes(), now=NOW)

    read_waiting(now=NOW)

    states = list(InboundMail.objects.values_list("state", flat=True))
    assert (len(states), states.count(State.FILED), states.count(State.TAKEN_IN)) == (89, 88, 1)
    assert Ticket.objects.get().subject == "にゃんこ"
    assert set(Message.objects.values_list("kind", flat=True)) == {"customer"}


@pytest.mark.parametrize("raw", [b"hello", b"\xff\xfe\x00" * 30, b"Subject: nobody\n\nwrote this"])
def test_what_names_no_sender_waits_for_a_person_with_its_bytes(raw: bytes) -> None:
    row = arrives(raw)

    assert (row.state, row.because) == (State.FAILED, "It names no sender that could be answered.")
    assert row.subject == ("nobody" if raw.startswith(b"Subject") else "")
    assert bytes(row.raw or b"") == raw
    assert row.read_at == NOW


def test_nothing_at_all_is_refused() -> None:
    with pytest.raises(ValidationError, match="at least a line"):
        keep(b" \n", now=NOW)


def test_a_mail_that_is_too_large_waits_for_a_person(settings: Any) -> None:
    settings.INBOUND_MAX_MB = 1

    row = arrives(mail("x" * 70 + "\n").as_bytes() + b"y" * 1_200_000)

    assert (row.state, row.because) == (State.FAILED, "It has 1.2 MB; at most 1 are taken (INBOUND_MAX_MB).")


def test_one_that_nobody_foresaw_leaves_nothing_half_written_and_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_contact(make_customer(), email="ada@customer.example")
    keep(mail("first").as_bytes(), now=NOW)
    keep(mail("second", sender="bob@elsewhere.example").as_bytes(), now=NOW)
    events = Event.objects.count()

    def break_off(*_args: Any, **_told: Any) -> None:
        raise KeyError("nobody foresaw this")

    monkeypatch.setattr(meaning, "log_interaction", break_off)
    seen = read_waiting(now=NOW)

    assert seen == 2
    assert list(InboundMail.objects.order_by("pk").values_list("state", flat=True)) == [State.FAILED, State.TAKEN_IN]
    assert InboundMail.objects.earliest("pk").because == "KeyError: 'nobody foresaw this'"
    assert Ticket.objects.get().requester_address == "bob@elsewhere.example"
    assert (Interaction.objects.count(), Attachment.objects.count(), Event.objects.count()) == (0, 0, events)


def test_when_the_database_is_away_mail_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    keep(mail().as_bytes(), now=NOW)

    def be_away(*_args: Any, **_told: Any) -> None:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(taking_in, "make_something_of", be_away)
    with pytest.raises(OperationalError):
        read_waiting(now=NOW)

    assert InboundMail.objects.get().state == State.WAITING
    monkeypatch.undo()
    read_waiting(now=NOW)
    assert InboundMail.objects.get().state == State.TAKEN_IN


def test_a_mail_that_stops_its_worker_again_and_again_is_given_up() -> None:
    row, _is_new = keep(mail().as_bytes(), now=NOW)
    InboundMail.objects.update(attempts=MOST_ATTEMPTS)

    read_waiting(now=NOW)

    row.refresh_from_db()
    assert (row.state, row.attempts) == (State.FAILED, MOST_ATTEMPTS + 1)
    assert "never came to an end" in row.because


def test_try_again_reads_it_from_the_beginning() -> None:
    row, _is_new = keep(mail().as_bytes(), now=NOW)
    InboundMail.objects.update(state=State.FAILED, because="The disk was full.", read_at=NOW, attempts=9)

    try_again(row, by=make_user(), now=NOW)
    read_inbound_mail()

    row.refresh_from_db()
    assert (row.state, row.attempts) == (State.TAKEN_IN, 1)


def test_reading_twice_changes_nothing() -> None:
    arrives(mail())

    read_inbound_mail()
    read_inbound_mail()

    assert (Ticket.objects.count(), InboundMail.objects.get().attempts) == (1, 1)


def test_a_person_lets_in_what_was_held_and_it_is_said_who(settings: Any) -> None:
    settings.INBOUND_MAILS_PER_HOUR = 0
    row = arrives(mail("It is me."))
    assert row.state == State.THROTTLED

    let_in(row, by=make_user("mia"), now=NOW + timedelta(hours=2))

    row.refresh_from_db()
    assert row.state == State.TAKEN_IN
    assert row.because.endswith("Let in by mia.")
    assert Ticket.objects.get().created_at == NOW + timedelta(hours=2)


def test_an_automatic_mail_that_a_person_wrote_after_all_goes_into_its_ticket() -> None:
    make_contact(make_customer(), email="ada@customer.example")
    first = arrives(mail(message_id="<first@customer.example>")).message
    assert first is not None
    row = arrives(mail("Truly me", In_Reply_To="<first@customer.example>", Precedence="bulk"), minutes=1)

    let_in(row, now=NOW + timedelta(minutes=2))

    assert list(first.ticket.messages.values_list("kind", flat=True)) == ["customer", "note", "customer"]


def test_a_ticket_is_made_of_a_bounce_and_answered_by_no_machine() -> None:
    row = arrives(mail("Nobody here", Auto_Submitted="auto-replied"))

    make_ticket(row, now=NOW)

    created = Ticket.objects.get().changes.get(kind="created")
    assert created.data["is_automatic"] is True


@pytest.mark.parametrize("state", State.values)
def test_what_may_be_decided_depends_on_the_state(state: str) -> None:
    row, _is_new = keep(mail().as_bytes(), now=NOW)
    read_at = None if state == State.WAITING else NOW
    InboundMail.objects.update(state=state, because="Because.", read_at=read_at)

    for act, states in (
        (let_in, (State.THROTTLED, State.FILED)),
        (make_ticket, (State.THROTTLED, State.FILED)),
        (try_again, (State.FAILED,)),
    ):
        InboundMail.objects.update(state=state, because="Because.", read_at=read_at)
        Ticket.objects.all().delete()
        Interaction.objects.all().delete()
        if state in states:
            act(row, now=NOW)
        else:
            with pytest.raises(ValidationError) as refusal:
                act(row, now=NOW)
            assert refusal.value.code == "conflict"


def test_old_bytes_are_dropped_and_what_waits_for_a_person_keeps_them(settings: Any) -> None:
    settings.INBOUND_MAIL_DAYS = 30
    done, failed = arrives(mail()), arrives(b"hello")
    new = arrives(mail(), minutes=60 * 24 * 20)

    dropped = forget_old(now=NOW + timedelta(days=31))
    forget_inbound_mail()

    assert dropped == 1
    kept = {row.pk: row.raw is not None for row in InboundMail.objects.filter(pk__in=(done.pk, failed.pk, new.pk))}
    assert kept[done.pk] is False
    assert kept[failed.pk] is True
    InboundMail.objects.filter(pk=done.pk).update(state=State.FILED)
    with pytest.raises(ValidationError, match="bytes were dropped"):
        let_in(done, now=NOW)


@pytest.mark.parametrize(
    "values", [{"state": "lost"}, {"state": "filed", "read_at": NOW, "because": ""}, {"state": "filed", "because": "x"}]
)
def test_a_row_says_what_became_of_it_and_when(values: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError):
        InboundMail.objects.create(digest="0", raw=b"x", received_at=NOW, **values)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], phases=QUICKLY)
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=80),
            st.sampled_from(
                [
                    b"From: Ada <ada@customer.example>\n",
                    b"From: a@b.example\n",
                    b"Subject: \x00\xff [#1]\n",
                    b"Message-ID: <once@b.example>\n",
                    b"Return-Path: <>\n",
                    b'Content-Type: multipart/mixed; boundary="b"\n',
                    b"Content-Type: message/delivery-status\n",
                    b"Content-Disposition: attachment; filename=x\n",
                    b"\n--b\n",
                    b"\n\n",
                ]
            ),
        ),
        min_size=1,
        max_size=15,
    )
)
def test_no_bytes_break_taking_in(tmp_path_factory: pytest.TempPathFactory, parts: list[bytes]) -> None:
    raw = b"".join(parts)
    if not raw.strip():
        return
    with override_settings(MEDIA_ROOT=Path(tmp_path_factory.mktemp("media"))):
        row = arrives(raw)

    assert row.state != State.WAITING
    assert row.because
    assert "Error" not in row.because
    assert row.state != State.TAKEN_IN or (row.message is not None and row.message.kind == "customer")
