"""Whether a mail may go out: every reason there is, at the moment of sending."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from agentfactory_cs.customers.models import Churn, Company, Contact, Customer, Interaction
from agentfactory_cs.customers.services import log_interaction, record_churn
from agentfactory_cs.customers.tests.factories import NOW, YESTERDAY
from agentfactory_cs.events.models import Event
from agentfactory_cs.messaging import outbox, suppression
from agentfactory_cs.messaging.gate import judge
from agentfactory_cs.messaging.gate.rules import CAP, CAP_DAYS, Situation, Verdict, decide
from agentfactory_cs.messaging.guards import Guard, Wait, guards
from agentfactory_cs.messaging.models import Email, Suppression
from agentfactory_cs.messaging.sending import deliver_due
from agentfactory_cs.messaging.timing import is_open

from .mails import days, make_email, make_reader, make_sent, make_template, make_topic
from .sink import Sink

State, Reason = Email.State, Suppression.Reason
UTC_ZONE = ZoneInfo("UTC")


def _deliver(email: Email, now: datetime = NOW) -> Email:
    deliver_due(clock=lambda: now)
    email.refresh_from_db()
    return email


def _transactional() -> Any:
    return make_template(topic=make_topic("answers", is_transactional=True))


# -- Never -----------------------------------------------------------------------------------

Entry = tuple[str, str | None]
# What stands against the address, whether the mail is transactional, whether it goes out.
LISTED: list[tuple[Entry | None, bool, bool]] = [
    (None, False, True),
    ((Reason.UNSUBSCRIBED, "tips"), False, False),
    ((Reason.UNSUBSCRIBED, "news"), False, True),
    ((Reason.UNSUBSCRIBED, None), False, False),
    ((Reason.UNSUBSCRIBED, None), True, True),
    ((Reason.BY_HAND, None), False, False),
    ((Reason.BY_HAND, None), True, True),
    ((Reason.BOUNCED, None), False, False),
    ((Reason.BOUNCED, None), True, False),
    ((Reason.COMPLAINED, None), True, False),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("entry", "is_transactional", "goes_out"), LISTED)
def test_the_never_again_list_decides(sink: Sink, entry: Entry | None, is_transactional: bool, goes_out: bool) -> None:
    contact = make_reader(email="Ada@Example.com")
    if entry:
        topic = make_topic(entry[1]) if entry[1] else None
        suppression.suppress("ada@example.com", reason=entry[0], topic=topic, now=NOW)
    email = make_email(contact, template=_transactional() if is_transactional else make_template())

    _deliver(email)

    assert email.state == (State.SENT if goes_out else State.WITHHELD)
    assert bool(email.reason) is not goes_out


@pytest.mark.django_db
def test_what_was_lifted_stands_against_nothing(sink: Sink) -> None:
    contact = make_reader()
    entry = suppression.suppress(contact.email, reason=Reason.UNSUBSCRIBED, now=NOW)
    assert entry is not None
    suppression.lift(entry, reason="Asked for it on the phone.", now=NOW)
    email = make_email(contact)

    assert _deliver(email).state == State.SENT


@pytest.mark.django_db
def test_who_left_or_was_removed_gets_nothing(sink: Sink) -> None:
    gone = make_reader(left_on=YESTERDAY)
    removed = make_reader()
    emails = [make_email(gone), make_email(removed)]
    removed.delete()

    states = [(_deliver(email).state, email.reason.split(":")[0]) for email in emails]

    assert states == [
        (State.WITHHELD, "The contact has left the customer."),
        (State.WITHHELD, "There is nobody to send it to"),
    ]


@pytest.mark.django_db
def test_a_churned_customer_gets_answers_only(sink: Sink) -> None:
    contact = make_reader()
    automatic, answer = make_email(contact), make_email(contact, template=_transactional())
    record_churn(Churn(customer=contact.customer, churned_on=YESTERDAY), now=NOW)

    assert _deliver(automatic).state == State.WITHHELD
    assert _deliver(answer).state == State.SENT


@pytest.mark.django_db
def test_what_is_withheld_is_on_the_timeline_with_its_reason(sink: Sink) -> None:
    email = make_email(make_reader(left_on=YESTERDAY))

    _deliver(email)

    event = Event.objects.get(trigger="messaging.email_withheld")
    assert (event.customer_id, event.data["reason"]) == (email.customer_id, "The contact has left the customer.")


@pytest.mark.django_db
def test_a_mail_whose_template_is_switched_off_waits_for_a_person(sink: Sink) -> None:
    email = make_email(template=make_template(is_active=False))

    assert (_deliver(email).state, email.reason) == (State.HELD, "Its template is switched off.")


# -- Who asked for it ------------------------------------------------------------------------


@pytest.fixture
def guard() -> Iterator[list[Sequence[int]]]:
    """A source that wants none of its odd mails any more, and the fourth in an hour; yields what it was asked."""
    asked: list[Sequence[int]] = []

    def why_not(ids: Sequence[int], now: datetime) -> Mapping[int, str | Wait]:
        asked.append(sorted(ids))
        later = {pk: Wait(now + timedelta(hours=1), "It is paused.") for pk in ids if pk == 4}
        return {pk: "The customer recovered." for pk in ids if pk % 2} | later

    guards.register(Guard("tests.source", why_not))
    yield asked
    del guards._items["tests.source"]


@pytest.mark.django_db
def test_whoever_asked_is_asked_again_at_the_moment_of_sending_once_for_all(
    sink: Sink, guard: list[Sequence[int]]
) -> None:
    emails = [make_email(source="tests.source", source_id=number) for number in (1, 2, 3)]

    states = [_deliver(email).state for email in emails]

    assert states == [State.WITHHELD, State.SENT, State.WITHHELD]
    assert guard == [[1, 2, 3]]
    assert Email.objects.get(pk=emails[0].pk).reason == "The customer recovered."


@pytest.mark.django_db
@pytest.mark.parametrize("is_transactional", [False, True])
def test_what_whoever_asked_wants_later_waits_until_then(
    sink: Sink, guard: list[Sequence[int]], is_transactional: bool
) -> None:
    template = _transactional() if is_transactional else make_template()
    email = make_email(source="tests.source", source_id=4, template=template)

    _deliver(email)

    assert (email.state, email.reason) == (State.WAITING, "It is paused.")
    assert email.not_before == NOW + timedelta(hours=1)


@pytest.mark.django_db
def test_what_waits_for_whoever_asked_is_asked_about_at_once_when_they_say_so(
    sink: Sink, guard: list[Sequence[int]]
) -> None:
    email, other = make_email(source="tests.source", source_id=4), make_email(make_reader(), due_at=NOW + days(1))
    _deliver(email)

    woken = outbox.ask_again("tests.source", Email.objects.filter(pk=email.pk).values("source_id"), now=NOW)

    email.refresh_from_db()
    other.refresh_from_db()
    assert (woken, email.not_before, other.not_before) == (1, NOW, NOW + days(1))


# -- Not now ---------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_fifth_automatic_mail_within_a_week_waits_for_room(sink: Sink) -> None:
    contact = make_reader()
    for age in (6.5, 5, 3, 1):
        make_sent(contact, NOW - days(age))
    email = make_email(contact)

    _deliver(email)

    assert (email.state, email.not_before, email.postponed) == (State.WAITING, NOW + days(0.5) + timedelta(hours=8), 1)
    assert email.reason == "The contact got 4 automatic mails within 7 days, which is the most."


@pytest.mark.django_db
def test_of_one_batch_too_no_contact_gets_more_than_the_cap(sink: Sink) -> None:
    contact = make_reader()
    emails = [make_email(contact) for _ in range(6)]

    deliver_due(clock=lambda: NOW)

    assert len(sink.mails) == CAP
    assert Email.objects.filter(pk__in=[email.pk for email in emails], state=State.WAITING).count() == 2


@pytest.mark.django_db
def test_neither_answers_nor_a_persons_mails_count(sink: Sink) -> None:
    contact = make_reader()
    for _ in range(3):
        make_sent(contact, NOW - days(1), template=_transactional())
        make_sent(contact, NOW - days(1), is_automatic=False)
    email = make_email(contact)

    assert _deliver(email).state == State.SENT


@pytest.mark.django_db
def test_what_would_come_too_late_is_not_sent(sink: Sink) -> None:
    contact = make_reader()
    for _ in range(4):
        make_sent(contact, NOW - days(1))
    email = make_email(contact, expires_at=NOW + days(2))

    _deliver(email)

    assert email.state == State.WITHHELD
    assert email.reason.endswith("By then its time will have passed.")


NIGHTS = [
    # Noon UTC is 21:00 in Tokyo and 05:00 in Los Angeles.
    ("Asia/Tokyo", "UTC", "UTC", timedelta(hours=11)),
    ("America/Los_Angeles", "UTC", "UTC", timedelta(hours=3)),
    ("Nowhere/Atall", "Asia/Tokyo", "UTC", timedelta(hours=11)),
    ("Nowhere/Atall", "Nowhere/Atall", "Asia/Tokyo", timedelta(hours=11)),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("contacts", "customers", "companys", "wait"), NIGHTS)
def test_at_night_automatic_mail_waits_for_the_readers_morning(
    sink: Sink, contacts: str, customers: str, companys: str, wait: timedelta
) -> None:
    email = make_email()
    Company.objects.update_or_create(pk=1, defaults={"time_zone": companys})
    Customer.objects.filter(emails=email).update(time_zone=customers)
    Contact.objects.filter(emails=email).update(time_zone=contacts)

    _deliver(email)

    assert (email.state, email.not_before) == (State.WAITING, NOW + wait)
    assert email.reason == "It is outside 08:00–19:00 where its reader is."


@pytest.mark.django_db
def test_after_a_customer_wrote_to_us_automatic_mail_pauses_for_three_days(sink: Sink) -> None:
    contact = make_reader()
    wrote = NOW - days(1)
    log_interaction(
        Interaction(customer=contact.customer, kind="email", direction="in", subject="Help", held_at=wrote), now=NOW
    )
    automatic, answer = make_email(contact), make_email(contact, template=_transactional())

    assert (_deliver(automatic).state, automatic.not_before) == (State.WAITING, wrote + days(3))
    assert automatic.reason == "The customer wrote to us on 2026-06-30: automatic mail pauses for 3 days."
    assert _deliver(answer).state == State.SENT


@pytest.mark.django_db
def test_a_batch_costs_the_same_queries_whatever_its_size(django_assert_num_queries: Any) -> None:
    emails = [make_email(make_reader(), template=make_template()) for _ in range(6)]
    loaded = list(Email.objects.select_related("contact", "customer", "topic", "template").order_by("pk"))
    Company.get()

    for batch in (loaded[:1], loaded):
        with transaction.atomic(), django_assert_num_queries(6):
            judge(batch, NOW)

    assert len(loaded) == len(emails)


# -- The rules by themselves -----------------------------------------------------------------

moments = st.integers(0, 60 * 24 * 400).map(lambda minutes: NOW + timedelta(minutes=minutes))
zones = st.sampled_from(["UTC", "Asia/Tokyo", "America/New_York", "Australia/Lord_Howe"]).map(ZoneInfo)
got = st.lists(st.integers(0, 60 * 24 * CAP_DAYS - 1), max_size=8)


@given(moments, zones, got, st.one_of(st.none(), st.integers(0, 60 * 24 * 4)), st.booleans())
def test_what_goes_out_keeps_every_restraint(
    now: datetime, zone: ZoneInfo, ages: list[int], reply_age: int | None, is_automatic: bool
) -> None:
    received = tuple(sorted(now - timedelta(minutes=age) for age in ages))
    replied = None if reply_age is None else now - timedelta(minutes=reply_age)
    mail = Situation(zone, is_automatic=is_automatic, received=received, replied_at=replied)

    decision = decide(mail, now)

    if not is_automatic:
        assert decision.verdict is Verdict.SEND
        return
    moment = decision.until or now
    assert is_open(moment, zone)
    assert sum(one > moment - days(CAP_DAYS) for one in received) < CAP
    assert replied is None or moment >= replied + days(3)
    assert (decision.verdict is Verdict.SEND) == (moment == now)
    assert (decision.verdict is Verdict.SEND) == (decision.reason == "")
