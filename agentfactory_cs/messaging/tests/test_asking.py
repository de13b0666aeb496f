"""Who is asked, who is not and why, who is reminded, and what ends."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import product
from threading import Barrier
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from agentfactory_cs.customers import services as customers
from agentfactory_cs.customers.models import Churn, Contact
from agentfactory_cs.customers.tests.factories import NOW, YESTERDAY, make_contact, make_customer, make_user
from agentfactory_cs.events.models import Event
from agentfactory_cs.messaging import suppression
from agentfactory_cs.messaging.answering import answer
from agentfactory_cs.messaging.asking import ask_survey, cancel_request
from agentfactory_cs.messaging.asking.rules import Standing, why_not
from agentfactory_cs.messaging.models import Email, MailTemplate, Response, Survey, SurveyRequest
from agentfactory_cs.messaging.reminding import Counts, look_after
from agentfactory_cs.messaging.services import record_response
from agentfactory_cs.messaging.tasks import look_after_surveys

from .mails import days, make_reader
from .sink import Sink
from .surveying import ask, parts, scores, send_mail

pytestmark = pytest.mark.django_db
State = SurveyRequest.State


def off(reader: Contact) -> None:
    Survey.objects.update(is_active=False)


def left(reader: Contact) -> None:
    Contact.objects.filter(pk=reader.pk).update(left_on=YESTERDAY)


def churned(reader: Contact) -> None:
    customers.record_churn(Churn(customer=reader.customer, churned_on=YESTERDAY), now=NOW)


def unsubscribed(reader: Contact) -> None:
    suppression.suppress(reader.email, reason="unsubscribed", now=NOW)


def bounced(reader: Contact) -> None:
    suppression.suppress(reader.email, reason="bounced", now=NOW)


def no_topic(reader: Contact) -> None:
    template = MailTemplate.objects.get(key="nps_survey")
    suppression.suppress(reader.email, reason="unsubscribed", topic=template.topic, now=NOW)


def asked_already(reader: Contact) -> None:
    ask(reader, now=NOW - days(2))


def answered_before(reader: Contact) -> None:
    answer(ask(reader, now=NOW - days(89)), score=9, comment="", now=NOW - days(88))


def answered_elsewhere(reader: Contact) -> None:
    said = Response(
        survey=Survey.objects.get(kind="nps"),
        customer=reader.customer,
        contact=reader,
        score=9,
        answered_at=NOW - days(10),
    )
    record_response(said, now=NOW)


def expired_before(reader: Contact) -> None:
    ask(reader, now=NOW - days(80))
    look_after(now=NOW - days(40))


REASONS: list[tuple[Callable[[Contact], None], str]] = [
    (off, "The survey “NPS” is switched off."),
    (left, "The contact has left the customer."),
    (churned, "The customer has churned."),
    (unsubscribed, "The contact unsubscribed from all topics."),
    (no_topic, "The contact unsubscribed from this topic."),
    (bounced, "Mail to this address bounces."),
    (asked_already, "They were asked on 2026-06-29 and can still answer."),
    (answered_before, "They answered on 2026-04-04; people are asked at most once in 90 days."),
    (answered_elsewhere, "They answered on 2026-06-21; people are asked at most once in 90 days."),
    (expired_before, "They were asked on 2026-04-12; people are asked at most once in 90 days."),
]


@pytest.mark.parametrize(("before", "reason"), REASONS, ids=[before.__name__ for before, _ in REASONS])
def test_whoever_is_not_asked_has_the_reason_on_a_row_and_on_the_timeline(
    before: Callable[[Contact], None], reason: str
) -> None:
    reader = make_reader()
    before(reader)
    mails = Email.objects.count()
    reader.refresh_from_db()

    request = ask(Contact.objects.select_related("customer").get(pk=reader.pk))

    assert (request.state, request.reason, request.closed_at) == (State.NOT_ASKED, reason, NOW)
    assert Email.objects.count() == mails
    assert Event.objects.get(trigger="messaging.survey_not_asked", happened_at=NOW).data["reason"] == reason


def test_a_customer_without_a_primary_contact_is_not_asked() -> None:
    customer = make_customer()
    make_contact(customer)

    request = ask_survey(customer=customer, kind="nps", now=NOW)

    assert request.reason == "The customer has no primary contact."


@pytest.mark.parametrize(("since", "state"), [(13, State.NOT_ASKED), (14, State.OPEN)])
def test_people_are_asked_about_help_once_in_14_days_whatever_it_was_about(since: int, state: str) -> None:
    reader, before = make_reader(), NOW - days(since)
    answer(ask(reader, "support_csat", about="Login", now=before), score=4, comment="", now=before)

    assert ask(reader, "support_csat", about="Export").state == state


@pytest.mark.parametrize(("kind", "again_after"), [("nps", 90), ("support_csat", 14), ("onboarding_csat", 14)])
def test_after_the_days_they_are_asked_again(kind: str, again_after: int) -> None:
    reader = make_reader()
    answer(ask(reader, kind, now=NOW - days(again_after)), score=4, comment="", now=NOW - days(again_after))

    assert ask(reader, kind, now=NOW - timedelta(minutes=1)).state == State.NOT_ASKED
    assert ask(reader, kind, now=NOW).state == State.OPEN


def test_another_person_and_another_survey_are_not_in_the_way() -> None:
    reader = make_reader()
    ask(reader)

    assert ask(make_contact(reader.customer)).state == State.OPEN
    assert ask(reader, "onboarding_csat").state == State.OPEN


def test_what_was_not_asked_or_was_cancelled_is_not_in_the_way() -> None:
    reader = make_reader()
    cancel_request(ask(reader), reason="Too early.", now=NOW)
    ask_again = ask(reader)

    assert ask_again.state == State.OPEN


def test_the_same_source_gets_the_same_request() -> None:
    reader = make_reader()

    first, again = (ask(reader, source="tests.thing", source_id=7) for _ in range(2))

    assert first == again
    assert Email.objects.count() == 1


@pytest.mark.parametrize(
    ("kind", "has_person", "is_automatic"),
    [
        ("nps", False, True),
        ("nps", True, False),
        ("support_csat", False, False),
        ("onboarding_csat", False, False),
    ],
)
def test_only_what_nobody_waits_for_keeps_quiet_hours(kind: str, has_person: bool, is_automatic: bool) -> None:
    request = ask(kind=kind, by=make_user() if has_person else None)

    assert request.mail is not None
    assert request.mail.is_automatic == is_automatic


def test_another_customers_contact_and_an_unknown_survey_are_refused() -> None:
    with pytest.raises(ValidationError) as refused:
        ask_survey(customer=make_customer(), contact=make_reader(), kind="nps", now=NOW)
    assert "contact" in refused.value.message_dict

    with pytest.raises(ValidationError) as unknown:
        ask(kind="mood")
    assert "kind" in unknown.value.message_dict
    assert not SurveyRequest.objects.exists()


def test_a_failure_while_asking_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = make_reader()

    monkeypatch.setattr("agentfactory_cs.messaging.asking.record", _break)

    with pytest.raises(RuntimeError):
        ask(reader)

    assert not SurveyRequest.objects.exists()
    assert not Email.objects.exists()


def _break(*args: Any, **kwargs: Any) -> None:
    raise RuntimeError("The last write fails.")


# -- The rules alone -------------------------------------------------------------------------

MOMENTS = st.integers(0, 500 * 24).map(lambda hours: NOW - timedelta(hours=hours))


@given(st.integers(1, 400), st.none() | MOMENTS, st.none() | MOMENTS)
def test_nobody_is_asked_twice_within_the_days(again_after: int, asked: Any, answered: Any) -> None:
    said = why_not(Standing("NPS", again_after, asked_at=asked, answered_at=answered), NOW)

    last = max((moment for moment in (asked, answered) if moment), default=None)
    assert bool(said) == (last is not None and NOW - last < days(again_after))


@given(
    st.builds(
        Standing,
        st.just("NPS"),
        st.just(90),
        is_active=st.booleans(),
        has_template=st.booleans(),
        has_contact=st.booleans(),
        has_left=st.booleans(),
        has_churned=st.booleans(),
        block=st.sampled_from(["", "No."]),
    )
)
def test_only_whom_nothing_speaks_against_is_asked(standing: Standing) -> None:
    against = (
        not standing.is_active,
        not standing.has_template,
        not standing.has_contact,
        standing.has_left,
        standing.has_churned,
        bool(standing.block),
    )

    assert bool(why_not(standing, NOW)) == any(against)


# -- As time passes --------------------------------------------------------------------------


def test_who_does_not_answer_is_reminded_once_and_then_left_alone(sink: Sink) -> None:
    request = ask()

    for hour in range(0, 35 * 24, 6):
        moment = NOW + timedelta(hours=hour)
        look_after(now=moment)
        send_mail(moment)

    request.refresh_from_db()
    assert [mail["Subject"].split(":")[0] for mail in sink.mails] == [
        f"One question to {request.customer}",
        "Still open",
    ]
    assert "we will not ask again" in parts(sink)[0]
    assert scores(sink, 0) == scores(sink, 1)
    assert request.reminder is not None
    assert request.reminder.sent_at == NOW + days(3)
    assert (request.state, request.closed_at) == (State.EXPIRED, NOW + days(30))


def test_who_has_answered_is_not_reminded(sink: Sink) -> None:
    request = ask()
    send_mail()
    answer(request, score=9, comment="", now=NOW + days(1))

    counts = look_after(now=NOW + days(4))

    assert counts == Counts(reminded=0, expired=0, not_asked=0)
    assert Email.objects.count() == 1


def test_a_reminder_that_waits_is_not_sent_once_the_answer_is_there(sink: Sink) -> None:
    request = ask()
    send_mail()
    night = NOW + days(3.5)
    look_after(now=night)
    send_mail(night)
    answer(request, score=9, comment="", now=night)

    send_mail(night + days(1))

    reminder = Email.objects.latest("pk")
    assert (reminder.state, reminder.reason) == (Email.State.WITHHELD, "The survey was answered.")
    assert len(sink.mails) == 1


def test_the_days_to_the_reminder_begin_when_the_mail_goes_out(sink: Sink) -> None:
    night = NOW + timedelta(hours=10)  # 22:00 in UTC: an NPS mail waits until 08:00
    request = ask(now=night)
    send_mail(night)
    morning = NOW + timedelta(hours=20)
    send_mail(morning)

    early = look_after(now=night + days(3))
    request.refresh_from_db()
    on_time = look_after(now=morning + days(3))

    assert (early.reminded, on_time.reminded) == (0, 1)
    assert request.remind_at == morning + days(3)


def test_a_mail_that_was_kept_back_asked_nobody(sink: Sink) -> None:
    reader = make_reader()
    request = ask(reader)
    suppression.suppress(reader.email, reason="unsubscribed", now=NOW)
    send_mail()

    counts = look_after(now=NOW)

    request.refresh_from_db()
    assert counts.not_asked == 1
    assert (request.state, request.reason) == (State.NOT_ASKED, "The contact unsubscribed from all topics.")
    event = Event.objects.get(trigger="messaging.survey_not_asked")
    assert event.data["reason"] == request.reason


def test_a_contact_who_is_removed_is_waited_for_no_more() -> None:
    request = ask()
    assert request.contact is not None
    request.contact.delete()

    look_after(now=NOW)

    request.refresh_from_db()
    assert (request.state, request.reason) == (State.CANCELLED, "The contact was removed.")


@pytest.mark.usefixtures("at_now")
def test_the_task_may_run_twice() -> None:
    request = ask(now=NOW - days(4))
    Email.objects.update(
        state="sent", sent_at=NOW - days(4), message_id="<1@example.com>", address="a@example.com", subject="One"
    )

    look_after_surveys()
    look_after_surveys()

    request.refresh_from_db()
    assert request.reminder is not None
    assert Email.objects.count() == 2


def test_looking_after_many_that_wait_costs_as_much_as_few(django_assert_num_queries: Any) -> None:
    for _ in range(3):
        ask()

    with django_assert_num_queries(8):
        look_after(now=NOW)


# -- States ----------------------------------------------------------------------------------


def test_cancelling_keeps_the_mail_from_going_out_and_says_why(sink: Sink) -> None:
    request = ask()

    cancel_request(request, reason="They left for the summer.", now=NOW)
    send_mail()

    request.refresh_from_db()
    assert (request.state, request.reason) == (State.CANCELLED, "They left for the summer.")
    assert Email.objects.get().reason == "The survey was cancelled: They left for the summer."
    assert not sink.mails


def test_cancelling_wants_a_reason() -> None:
    request = ask()

    with pytest.raises(ValidationError, match="Say why"):
        cancel_request(request, reason=" ", now=NOW)


@pytest.mark.parametrize("state", list(State))
def test_only_what_is_open_can_be_cancelled_and_answered(state: str) -> None:
    request = ask()
    _put_in(request, state)
    may = State.CANCELLED in SurveyRequest.TRANSITIONS[State(state)]

    for act in (_cancel, _answer_anew):
        with transaction.atomic():
            if may:
                act(request)
                transaction.set_rollback(True)
            else:
                with pytest.raises(ValidationError):
                    act(request)


def _put_in(request: SurveyRequest, state: str) -> None:
    if state == State.ANSWERED:
        answer(request, score=9, comment="Fine.", now=NOW - days(5))
    elif state != State.OPEN:
        rows = SurveyRequest.objects.filter(pk=request.pk)
        rows.update(state=state, closed_at=NOW, remind_at=None, reason="For a test.")


def _cancel(request: SurveyRequest) -> None:
    cancel_request(request, reason="For a test.", now=NOW)


def _answer_anew(request: SurveyRequest) -> None:
    answer(request, score=3, comment="", now=NOW)


def test_the_table_of_states_is_the_one_above() -> None:
    may = {(one, other) for one, other in product(State, State) if other in SurveyRequest.TRANSITIONS[one]}

    assert may == {(State.OPEN, other) for other in State if other != State.OPEN}


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("survey_request_state_known", {"state": "lost", "closed_at": NOW, "remind_at": None}),
    ("survey_request_answered_has_its_answer", {"state": "answered", "closed_at": NOW, "remind_at": None}),
    ("survey_request_closed_has_its_moment", {"state": "expired", "remind_at": None}),
    ("survey_request_closed_has_its_moment", {"state": "expired", "closed_at": NOW}),
    ("survey_request_closed_has_its_moment", {"closed_at": NOW}),
    ("survey_request_not_asked_says_why", {"state": "not_asked", "closed_at": NOW, "remind_at": None}),
    ("survey_request_not_asked_says_why", {"state": "cancelled", "closed_at": NOW, "remind_at": None}),
    ("survey_request_ends_after_it_begins", {"expires_at": NOW}),
]


@pytest.mark.parametrize(("constraint", "values"), WRONG)
def test_the_database_refuses_what_makes_no_sense(constraint: str, values: dict[str, Any]) -> None:
    request = ask()

    with pytest.raises(IntegrityError, match=constraint):
        SurveyRequest.objects.filter(pk=request.pk).update(**values)


def test_the_database_refuses_a_second_open_one() -> None:
    request = ask()
    request.pk = None

    with pytest.raises(IntegrityError, match="survey_request_one_open"):
        request.save(force_insert=True)


def test_the_database_refuses_a_reminder_after_the_end() -> None:
    with pytest.raises(IntegrityError, match="survey_reminds_while_open"):
        Survey.objects.update(remind_after_days=30)


@pytest.mark.django_db(transaction=True)
def test_two_who_ask_at_once_ask_once() -> None:
    reader = make_reader()
    both = Barrier(2)

    def asks(_: int) -> str:
        try:
            both.wait(timeout=20)
            return str(ask(Contact.objects.select_related("customer").get(pk=reader.pk)).state)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        states = sorted(pool.map(asks, range(2)))

    assert states == [State.NOT_ASKED, State.OPEN]
    assert Email.objects.count() == 1
