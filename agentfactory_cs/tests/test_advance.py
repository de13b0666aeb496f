"""`manage.py advance`: days pass on the demo, and what was due within them is done, each on its day."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, connections, transaction
from django.db.models import DateField

from agentfactory_cs import demo, timeshift
from agentfactory_cs.customers.models import Churn, Customer, Interaction, RenewalEstimate, Task
from agentfactory_cs.customers.services import estimate_renewal, log_interaction
from agentfactory_cs.customers.tests.factories import NOW, make_contact, make_customer, make_subscription
from agentfactory_cs.events.models import Event
from agentfactory_cs.messaging.models import Email
from agentfactory_cs.messaging.places import all_places
from agentfactory_cs.messaging.sending import deliver_due
from agentfactory_cs.messaging.tests.conftest import sink
from agentfactory_cs.messaging.tests.sink import Sink
from playbooks import services
from playbooks.models import Playbook, Run
from playbooks.models.playbook import PlaybookState
from playbooks.tests.factories import make_playbook, manual_step
from playbooks.working import work_off_due

__all__ = ["sink"]
pytestmark = pytest.mark.django_db

# Moments that wait for something, but not for a day of the demo's: leases, what is forgotten, keys, test runs.
NOT_MOVED = {
    "health.healthoverride.expires_on",
    "rest.apikey.expires_at",
}
WAITS = re.compile(r"(due_at|due_on|not_before|_until|remind_at|expires_at|expires_on|renews_on)$")


def in_berlin() -> Customer:
    customer = make_customer(signed_up_at=NOW)
    make_contact(customer, is_primary=True, time_zone="Europe/Berlin", email="ada@example.com")
    return customer


def begin_welcome(customer: Customer) -> Run:
    playbook = Playbook.objects.get(key="welcome")
    services.publish(playbook, reason="It fits.", now=NOW)
    services.set_state(playbook, PlaybookState.ACTIVE, now=NOW)
    run = services.start_run(customer, Playbook.objects.get(key="welcome"), now=NOW, why="New.")
    work_off_due(now=NOW)
    deliver_due(clock=lambda: NOW)
    return run


def sent() -> list[tuple[str, float]]:
    """Each mail sent, with how many days after entering it went out."""
    entered = Run.objects.get().entered_at
    mails = Email.objects.filter(sent_at__isnull=False).order_by("sent_at").select_related("template")
    moments = zip(mails, sent_moments(), strict=True)
    return [(mail.template.key, round((sent_at - entered) / timedelta(days=1), 1)) for mail, sent_at in moments]


def sent_moments() -> list[datetime]:
    moments = Email.objects.order_by("sent_at").values_list("sent_at", flat=True)
    return [moment for moment in moments if moment]


# 09:00 in Berlin is 07:00 UTC in summer, and the customers enter at 12:00 UTC.
MAILS = [
    ("welcome_email", 0.0),
    ("getting_started", 0.8),
    ("first_agent", 2.8),
    ("advanced_features", 6.8),
    ("best_practices", 13.8),
]


def test_the_welcome_mails_go_out_on_their_days_as_the_days_pass(sink: Sink) -> None:
    begin_welcome(in_berlin())

    gone = [sent()]
    for days in (1, 2, 4, 7):
        timeshift.advance(days, now=NOW)
        gone.append(sent())

    assert gone == [MAILS[:count] for count in range(1, 6)]
    assert Run.objects.get().state == "finished"
    assert sink.recipients == ["ada@example.com"] * 5


def test_two_weeks_at_once_send_the_same_mails_on_the_same_days(sink: Sink) -> None:
    begin_welcome(in_berlin())

    timeshift.advance(14, now=NOW)

    assert sent() == MAILS
    assert not Email.objects.filter(sent_at__gt=NOW).exists()


def test_at_night_mail_goes_out_in_the_morning_of_the_day_that_passed(sink: Sink) -> None:
    begin_welcome(in_berlin())

    timeshift.advance(1, now=NOW + timedelta(hours=10))  # midnight in Berlin

    hours = [sent_at.astimezone(UTC).hour for sent_at in sent_moments()]
    assert (len(hours), hours[1]) == (2, 7)


def test_the_cap_counts_the_days_that_passed(sink: Sink) -> None:
    customer = in_berlin()
    mail = {"key": "m", "title": "M", "kind": "action", "action": "messaging.send_mail"}
    steps = [mail | {"key": f"m{n}", "day": 1, "hour": n, "params": {"template": "getting_started"}} for n in range(6)]
    services.start_run(customer, make_playbook(*steps), now=NOW, why="For a test.")

    timeshift.advance(2, now=NOW)
    at_first = len(sent())
    timeshift.advance(7, now=NOW)

    assert at_first == 4
    assert [days for _key, days in sent()][4:] == [7.8, 8.0]  # seven days after the first and the second


def test_a_customer_s_reply_keeps_the_mails_away_for_its_three_days(sink: Sink) -> None:
    customer = in_berlin()
    begin_welcome(customer)
    reply = Interaction(customer=customer, kind="email", direction="in", subject="A question", held_at=NOW)
    log_interaction(reply, now=NOW)

    timeshift.advance(4, now=NOW)

    assert sent()[1:] == [("getting_started", 3.0), ("first_agent", 3.0)]


def test_steps_make_their_tasks_as_of_their_own_day() -> None:
    steps = (manual_step("call", day=2, params={"due_days": 1}),)
    services.start_run(in_berlin(), make_playbook(*steps), now=NOW, why="For a test.")

    timeshift.advance(10, now=NOW)

    assert Task.objects.get().due_at == NOW - timedelta(days=7)


def test_what_happened_lies_as_much_further_back_on_timeline_and_records() -> None:
    customer = make_customer(signed_up_at=NOW)
    subscription = make_subscription(customer, renews_on=date(2026, 8, 1))
    for day in (27, 28, 29):  # each takes the place of the one before
        estimate_renewal(customer, likelihood=day, on=date(2026, 6, day), now=NOW)

    timeshift.advance(1, now=NOW)

    customer.refresh_from_db()
    subscription.refresh_from_db()
    assert customer.signed_up_at == NOW - timedelta(days=1)
    assert subscription.renews_on == date(2026, 7, 31)
    assert Event.objects.get(trigger="customers.signed_up").happened_at == NOW - timedelta(days=1)
    estimated = RenewalEstimate.objects.order_by("estimated_on").values_list("estimated_on", "likelihood")
    assert list(estimated) == [(date(2026, 6, 26), 27), (date(2026, 6, 27), 28), (date(2026, 6, 28), 29)]


def test_the_timeline_is_as_unchangeable_afterwards_as_before() -> None:
    make_customer()
    timeshift.advance(1, now=NOW)

    with pytest.raises(Exception, match=r"append-only|never changed|immutable"), transaction.atomic():
        Event.objects.update(by_label="Somebody else")


def test_what_breaks_in_the_middle_moves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    customer = make_customer(signed_up_at=NOW)

    def broken(now: datetime) -> None:
        raise IntegrityError("The disk is full.")

    monkeypatch.setattr("playbooks.timeshift.work_off_due", lambda now: broken(now))
    with pytest.raises(IntegrityError), transaction.atomic():
        timeshift.advance(3, now=NOW)

    customer.refresh_from_db()
    assert customer.signed_up_at == NOW


@pytest.fixture
def another_sender() -> Iterator[None]:
    """A worker in another connection sends at both places."""
    other = connections.create_connection("default")
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, 0), pg_advisory_lock(%s, 1)", [0x4D41494C] * 2)
        yield
    other.close()


def test_while_somebody_sends_it_waits_and_then_gives_up(another_sender: None) -> None:

    with pytest.raises(TimeoutError, match="Mail is being sent"), all_places(patience_seconds=0.2):
        pytest.fail("Somebody else was sending.")


@pytest.mark.parametrize("days", [0, -1, 367])
def test_a_number_of_days_it_cannot_be_is_refused(days: int) -> None:
    with pytest.raises(ValueError, match="by 1 to 366 days"):
        timeshift.advance(days, now=NOW)


def test_it_is_refused_where_no_demo_is_loaded() -> None:
    with pytest.raises(CommandError, match="does not hold the demo"):
        call_command("advance", days=1, no_input=True)


@pytest.fixture
def on_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "begun", lambda: demo.World(NOW.date()))


@pytest.mark.parametrize(("answer", "is_moved"), [("yes", True), ("no", False)])
def test_it_asks_first(on_the_demo: None, monkeypatch: pytest.MonkeyPatch, answer: str, is_moved: bool) -> None:
    customer = make_customer(signed_up_at=NOW)
    monkeypatch.setattr("builtins.input", lambda prompt: answer)

    out = StringIO()
    if is_moved:
        call_command("advance", days=1, stdout=out)
    else:
        with pytest.raises(CommandError, match="Nothing was changed"):
            call_command("advance", days=1, stdout=out)

    customer.refresh_from_db()
    assert (customer.signed_up_at < NOW) == is_moved


def _columns() -> Iterator[tuple[str, Any]]:
    for model in apps.get_models():
        if model.__module__.startswith(("agentfactory_cs", "playbooks", "onboarding", "support", "health", "churn")):
            yield from ((f"{model._meta.label_lower}.{field.name}", field) for field in model._meta.concrete_fields)


def test_every_column_that_waits_for_a_moment_moves() -> None:
    moved = {f"{shift.key}.{name}" for shift in timeshift.shifts for name in shift.fields}

    waiting = {name for name, field in _columns() if isinstance(field, DateField) and WAITS.search(name)}

    assert waiting - moved - NOT_MOVED == set()
    assert moved <= {name for name, _field in _columns()}


def test_departures_of_neighbouring_days_pass_one_another() -> None:
    customer = make_customer()
    for day in (10, 11, 12):
        Churn.objects.create(customer=customer, churned_on=date(2026, 6, day), recorded_at=NOW)

    timeshift.advance(1, now=NOW)

    assert set(Churn.objects.values_list("churned_on", flat=True)) == {date(2026, 6, day) for day in (9, 10, 11)}
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_trigger WHERE tgname = 'events_are_append_only' AND tgenabled = 'O'")
        assert cursor.fetchone() == (1,)
