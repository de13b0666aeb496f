"""Mail that playbooks send: on its days, once, and not any more when the run, the reader or the customer says no."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from agentfactory_cs.customers import services as customers
from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.tests.factories import NOW, make_contact, make_customer
from agentfactory_cs.events.models import Event
from agentfactory_cs.messaging import preferences, suppression
from agentfactory_cs.messaging.models import Email, Topic
from agentfactory_cs.messaging.sending import deliver_due
from agentfactory_cs.messaging.tests.conftest import sink
from agentfactory_cs.messaging.tests.sink import Sink
from playbooks import services
from playbooks.contacts import WAITING
from playbooks.mailing import why_not
from playbooks.models import Playbook, Run
from playbooks.models.playbook import PlaybookState
from playbooks.models.run import RunState
from playbooks.watching import on_events
from playbooks.working import work_off_due

from .factories import make_playbook, manual_step, rows, tag_step

__all__ = ["sink"]
pytestmark = pytest.mark.django_db


def mail_step(key: str = "mail", template: str = "welcome_email", **fields: Any) -> dict[str, Any]:
    action = {"kind": "action", "action": "messaging.send_mail", "params": {"template": template}}
    return {"key": key, "title": key.title(), "day": 0, **action, **fields}


def in_berlin(**fields: Any) -> Customer:
    customer = make_customer(**fields)
    make_contact(customer, is_primary=True, time_zone="Europe/Berlin", email="ada@example.com")
    return customer


def welcome() -> Playbook:
    """The shipped sequence, published and active."""
    playbook = Playbook.objects.get(key="welcome")
    services.publish(playbook, reason="It fits.", now=NOW)
    return services.set_state(playbook, PlaybookState.ACTIVE, now=NOW)


def send(now: datetime) -> None:
    deliver_due(clock=lambda: now, pause=lambda seconds: None)


def read_events(now: datetime) -> None:
    on_events(list(Event.objects.order_by("id")), now)


def clock_runs(days: int, *, since: datetime = NOW) -> None:
    """Hour by hour, steps are worked off and mail is sent."""
    for hour in range(days * 24 + 1):
        moment = since + timedelta(hours=hour)
        work_off_due(now=moment)
        send(moment)


def test_the_welcome_sequence_sends_its_five_mails_on_their_days_at_nine(sink: Sink) -> None:
    run = services.start_run(in_berlin(), welcome(), now=NOW, why="New.")

    clock_runs(15)

    sent = Email.objects.order_by("due_at").values_list("template__key", "due_at", "state")
    nine = [datetime(2026, 7, 1 + day, 7, tzinfo=UTC) for day in (1, 3, 7, 14)]  # 09:00 in Berlin in summer
    assert list(sent) == [
        ("welcome_email", NOW, "sent"),
        ("getting_started", nine[0], "sent"),
        ("first_agent", nine[1], "sent"),
        ("advanced_features", nine[2], "sent"),
        ("best_practices", nine[3], "sent"),
    ]
    assert Counter(sink.recipients) == {"ada@example.com": 5}
    run.refresh_from_db()
    assert run.state == RunState.FINISHED


def test_who_unsubscribes_gets_the_rest_no_more_and_the_mails_say_so(sink: Sink) -> None:
    customer = in_berlin()
    run = services.start_run(customer, welcome(), now=NOW, why="New.")
    clock_runs(1)

    suppression.suppress("ada@example.com", reason="unsubscribed", now=NOW + timedelta(days=1))
    clock_runs(14, since=NOW + timedelta(days=1))

    later = Email.objects.filter(source="playbooks.step", due_at__gt=NOW + timedelta(days=1))
    assert len(sink.mails) == 2
    assert {(mail.state, mail.reason) for mail in later} == {("withheld", "The contact unsubscribed from all topics.")}
    assert set(later.values_list("source_id", flat=True)) == set(run.steps.values_list("pk", flat=True)[2:])


def stopped(run: Run) -> None:
    services.stop_run(run, reason="They asked us to.", now=NOW)


def paused(run: Run) -> None:
    services.pause_run(run, reason="On holiday.", now=NOW)


def playbook_paused(run: Run) -> None:
    services.set_state(run.playbook, PlaybookState.PAUSED, now=NOW)


def at_exit(run: Run) -> None:
    customers.set_tags(run.customer, {"recovered"}, now=NOW)


def retired(run: Run) -> None:
    services.set_state(run.playbook, PlaybookState.RETIRED, now=NOW)


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        (stopped, "Rescue ended for this customer: They asked us to."),
        (at_exit, "Its exit condition holds: Tags include recovered (it is recovered)."),
        (retired, ""),
    ],
)
def test_what_happens_between_the_step_and_the_sending_is_asked_again(
    sink: Sink, what: Callable[[Run], None], reason: str
) -> None:
    way_out = rows(("customers.tags", "has", ["recovered"]))
    playbook = make_playbook(mail_step(), manual_step(day=9), exit=way_out, name="Rescue")
    run = services.start_run(in_berlin(), playbook, now=NOW, why="For a test.")
    work_off_due(now=NOW)

    what(run)
    send(NOW)

    email = Email.objects.get()
    assert (email.state, email.reason) == (("withheld", reason) if reason else ("sent", ""))
    assert len(sink.mails) == (not reason)


def resumed(run: Run, now: datetime) -> None:
    services.resume_run(run, now=now)


def playbook_active(run: Run, now: datetime) -> None:
    services.set_state(run.playbook, PlaybookState.ACTIVE, now=now)


def playbook_retired(run: Run, now: datetime) -> None:
    services.set_state(run.playbook, PlaybookState.RETIRED, now=now)


@pytest.mark.parametrize(
    ("pause", "go_on", "reason"),
    [
        (paused, resumed, "Rescue was paused for this customer: On holiday."),
        (playbook_paused, playbook_active, "Rescue is paused."),
        (playbook_paused, playbook_retired, "Rescue is paused."),
    ],
)
def test_the_mail_of_what_is_paused_waits_and_goes_out_when_it_goes_on(
    sink: Sink, pause: Callable[[Run], None], go_on: Callable[[Run, datetime], None], reason: str
) -> None:
    playbook = make_playbook(mail_step(), manual_step(day=9), name="Rescue")
    run = services.start_run(in_berlin(), playbook, now=NOW, why="For a test.")
    work_off_due(now=NOW)
    pause(run)
    send(NOW)
    waiting = Email.objects.get()

    go_on(run, NOW + timedelta(minutes=10))
    send(NOW + timedelta(minutes=10))

    assert (waiting.state, waiting.reason) == ("waiting", reason)
    assert waiting.not_before == NOW + timedelta(hours=1)
    assert (Email.objects.get().state, len(sink.mails)) == ("sent", 1)


def test_a_customer_without_a_primary_contact_gets_the_mail_as_soon_as_there_is_one(sink: Sink) -> None:
    customer = make_customer()
    run = services.start_run(customer, make_playbook(mail_step(), manual_step()), now=NOW, why="For a test.")
    work_off_due(now=NOW)
    waiting = run.steps.get(key="mail")

    make_contact(customer, is_primary=True, email="ada@example.com")
    read_events(NOW + timedelta(seconds=5))
    work_off_due(now=NOW + timedelta(seconds=5))

    assert (waiting.state, waiting.because) == ("waiting", WAITING)
    assert run.steps.get(key="mail").state == "done"


def test_a_customer_that_never_gets_a_contact_skips_the_step_and_says_why() -> None:
    run = services.start_run(make_customer(), make_playbook(mail_step(), manual_step()), now=NOW, why="For a test.")
    work_off_due(now=NOW)

    work_off_due(now=NOW + timedelta(days=3))

    step = run.steps.get(key="mail")
    assert (step.state, step.because) == ("skipped", "The customer has no primary contact.")


@pytest.mark.parametrize(
    ("topic", "ends"), [("", True), ("onboarding", True), ("offers", False)], ids=["all", "this topic", "another"]
)
def test_unsubscribing_ends_the_sequence_and_says_so(topic: str, ends: bool) -> None:
    customer = in_berlin()
    run = services.start_run(customer, welcome(), now=NOW, why="New.")
    work_off_due(now=NOW)

    left = Topic.objects.filter(pk=topic).first()
    preferences.leave(customer.contacts.get(), left, now=NOW + timedelta(hours=1))
    read_events(NOW + timedelta(hours=1))

    run.refresh_from_db()
    said = f"ada@example.com unsubscribed from {left.name if left else 'everything'}."
    assert (run.state, run.ended_because) == (("exited", said) if ends else ("running", ""))


def test_a_mail_that_hangs_on_a_step_done_late_goes_out_at_once() -> None:
    steps = (tag_step("first", day=3), mail_step(day=1, after="first"))
    run = services.start_run(in_berlin(), make_playbook(*steps), now=NOW, why="For a test.")

    work_off_due(now=NOW + timedelta(days=3))

    assert run.steps.get(key="mail").due_at == NOW + timedelta(days=3)


def test_a_mail_that_does_not_exist_cannot_be_published() -> None:
    with pytest.raises(ValidationError, match=r"steps\.0\.params\.template: there is no 'missing'"):
        make_playbook(mail_step(template="missing"))


def test_asking_for_many_mails_takes_as_many_queries_as_for_few(django_assert_max_num_queries: Any) -> None:
    playbook = make_playbook(mail_step(), exit=rows(("customers.tags", "has", ["recovered"])))
    runs = [services.start_run(in_berlin(), playbook, now=NOW, why="For a test.") for _ in range(8)]
    steps = [run.steps.get().pk for run in runs]

    with django_assert_max_num_queries(2):
        assert why_not(steps, NOW) == {}
