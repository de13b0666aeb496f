"""What a playbook would have done in the past is what it really did there, and looking changes nothing."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from agentfactory_cs.customers import services as customers
from agentfactory_cs.customers.days import start_of_day, utc_day
from agentfactory_cs.customers.models import Churn, Customer
from agentfactory_cs.customers.tests.factories import make_contact, make_customer, make_member, make_subscription
from playbooks.models import Playbook, Preview
from playbooks.models.run import RefusalReason
from playbooks.preview import DAYS, request, simulate, work_off
from playbooks.preview.counting import result_of

from .factories import SIGNED_UP, make_playbook, manual_step, rows, tag_step
from .living import FIRST_DAY, live, previewed, really

pytestmark = pytest.mark.django_db

DAILY = {"kind": "schedule"}
DAYS_LIVED = 30
ZONES = ("Europe/Berlin", "America/Los_Angeles", "Asia/Tokyo", "UTC")
AGE = "customers.days_since_signup"
NIGHT = datetime(2026, 6, 1, 3, tzinfo=UTC)


def mail_step(key: str, day: int, template: str = "getting_started", **fields: Any) -> dict[str, Any]:
    action = {"kind": "action", "action": "messaging.send_mail", "params": {"template": template}}
    return {"key": key, "title": key.title(), "day": day, **action, **fields}


def task_step(key: str, day: int, **fields: Any) -> dict[str, Any]:
    return {"key": key, "title": key.title(), "day": day, "kind": "action", "action": "playbooks.create_task", **fields}


# Everything a definition can hold. Customers sign up at midnight, so that ages change then: a preview asks for exits
# and conditions once a day.
STEPS = (
    mail_step("hello", 0),
    mail_step("third", 3),
    manual_step("call", day=2, params={"due_days": 3}),
    task_step("write_up", 2, after="call"),
    task_step("only_later", 4, hour=5, condition=rows((AGE, "at_least", 16))),
    tag_step("tagged", day=1),
    {"key": "wait", "title": "Wait", "kind": "wait", "day": 6},
    {
        "key": "older",
        "title": "Older?",
        "kind": "branch",
        "day": 5,
        "wait_days": 6,
        "condition": rows((AGE, "at_least", 19)),
    },
    mail_step("yes", 5, branch="older", outcome="yes"),
    task_step("no", 5, branch="older", outcome="no"),
    manual_step("after_no", day=8, branch="older", outcome="no"),
)


def make_book(count: int, signed_up: datetime, apart: timedelta) -> list[Customer]:
    """Customers in several zones, every seventh without anybody to write to."""
    book = []
    for place in range(count):
        customer = make_customer(signed_up_at=signed_up + place * apart, time_zone=ZONES[place % len(ZONES)])
        if place % 7:
            make_contact(customer, is_primary=True, time_zone=ZONES[place % len(ZONES)])
        book.append(customer)
    return book


def playbook_of(trigger: dict[str, Any], **fields: Any) -> Playbook:
    return make_playbook(*STEPS, trigger=trigger, now=start_of_day(FIRST_DAY) - timedelta(days=1), **fields)


def test_a_preview_of_a_daily_look_says_what_the_engine_really_did() -> None:
    book = make_book(16, start_of_day(FIRST_DAY) - timedelta(days=36), timedelta(days=3))
    playbook = playbook_of(
        DAILY,
        entry=rows((AGE, "at_least", 10), (AGE, "below", 60)),
        exit=rows((AGE, "at_least", 40)),
        cool_down_days=4,
        holdout_percent=20,
    )

    def leave(now: datetime) -> None:
        place = (utc_day(now) - FIRST_DAY).days
        if place in (12, 20):
            customers.record_churn(Churn(customer=book[place // 2], churned_on=utc_day(now)), now=now)

    live(DAYS_LIVED, leave)
    did = really(playbook)

    assert previewed(playbook, DAYS_LIVED) == did
    # It has really lived: re-entries, exits, a hold-out, every kind of work.
    assert len(did.entered) > len({pk for pk, _at in did.entered}) > 8
    assert all((did.held_out, did.left_early, did.mails, did.tasks))


def test_a_preview_of_an_event_says_what_the_engine_really_did() -> None:
    playbook = playbook_of(SIGNED_UP, entry=rows((AGE, "at_most", 1)), exit=rows((AGE, "at_least", 20)))

    def sign_up(now: datetime) -> None:
        make_book(1 + (now.day % 9 == 0), now, timedelta(0))

    live(DAYS_LIVED, sign_up)
    did = really(playbook)

    assert previewed(playbook, DAYS_LIVED) == did
    assert len(did.entered) > DAYS_LIVED
    assert all((did.mails, did.tasks))


def test_runs_of_before_keep_their_cool_down_and_those_of_the_days_looked_at_do_not_count() -> None:
    playbook = make_playbook(trigger=DAILY, now=NIGHT, cool_down_days=30, entry=rows((AGE, "at_least", 1)))
    resting, free = make_customer(), make_customer()
    since = FIRST_DAY
    for customer, before in ((resting, 10), (free, -10)):
        at = start_of_day(since) - timedelta(days=before)
        playbook.runs.create(
            customer=customer,
            version=playbook.versions.get(),
            state="finished",
            entered_because="Then.",
            entered_at=at,
            ended_at=at,
            ended_because="Done.",
        )
    Customer.objects.update(signed_up_at=start_of_day(since) - timedelta(days=50))

    found = simulate(playbook, playbook.versions.get().plan, since, since + timedelta(days=24))

    assert {(walk.customer_id, utc_day(walk.entered_at)) for walk in found.walks} == {
        (resting.pk, since + timedelta(days=20)),
        (free.pk, since),
    }


def test_whom_an_exclusive_playbook_of_higher_priority_had_would_not_have_entered_meanwhile() -> None:
    customer = make_customer(signed_up_at=start_of_day(FIRST_DAY) - timedelta(days=50))
    other = make_playbook(priority=9, is_exclusive=True, now=NIGHT)
    start, end = start_of_day(FIRST_DAY), start_of_day(FIRST_DAY + timedelta(days=5))
    other.runs.create(
        customer=customer,
        version=other.versions.get(),
        state="finished",
        entered_because="Then.",
        entered_at=start,
        ended_at=end,
        ended_because="Done.",
    )
    playbook = make_playbook(trigger=DAILY, now=NIGHT)

    found = simulate(playbook, playbook.versions.get().plan, FIRST_DAY, FIRST_DAY + timedelta(days=9))

    assert [utc_day(walk.entered_at) for walk in found.walks] == [FIRST_DAY + timedelta(days=5)]
    assert found.refused[RefusalReason.PRIORITY] == {customer.pk}


def fingerprints() -> dict[str, Any]:
    """Every table's content but that of previews."""
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            if model is not Preview:
                table = connection.ops.quote_name(model._meta.db_table)
                cursor.execute(f"SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t")  # noqa: S608
                found[table] = cursor.fetchone()
    return found


@pytest.fixture
def playbook() -> Playbook:
    """A playbook with a mail a day, active for nobody yet."""
    mails = [mail_step(f"mail_{day}", day) for day in range(6)]
    return make_playbook(
        *mails, manual_step("call", day=1), trigger=DAILY, entry=rows((AGE, "at_least", 10)), now=NIGHT, active=False
    )


def test_looking_changes_nothing_but_the_preview(playbook: Playbook) -> None:
    make_book(12, NIGHT - timedelta(days=60), timedelta(days=1))
    before = fingerprints()

    result = work_off(request(playbook.versions.get(), now=NIGHT), clock=lambda: NIGHT)

    assert result is not None
    assert sum(result.entered) == 12
    assert fingerprints() == before


def test_it_counts_mails_and_tasks_by_day_and_by_success_manager(playbook: Playbook) -> None:
    ann = make_member("CSM", "ann", first_name="Ann", last_name="Lee")
    book = make_book(8, NIGHT - timedelta(days=60), timedelta(0))
    for customer in book[:3]:
        Customer.objects.filter(pk=customer.pk).update(success_manager=ann)

    result = work_off(request(playbook.versions.get(), now=NIGHT), clock=lambda: NIGHT)

    assert result is not None
    # Two of the eight, one of them Ann's, have nobody to write to.
    assert (sum(result.entered), sum(result.mails), sum(result.tasks)) == (8, 36, 8)
    assert result.without_contact == 2
    assert [(one.name, one.entered, one.mails, one.tasks) for one in result.managers] == [
        ("Ann Lee", 3, 12, 3),
        ("", 5, 24, 5),
    ]
    assert len(result.entered) == len(result.mails) == len(result.tasks) == DAYS


def test_more_than_the_cap_of_four_mails_in_seven_days_is_told_with_what_others_sent(playbook: Playbook) -> None:
    (customer,) = make_book(2, NIGHT - timedelta(days=60), timedelta(0))[1:]

    result = work_off(request(playbook.versions.get(), now=NIGHT), clock=lambda: NIGHT)

    assert result is not None
    assert [(one.customer_id, one.mails, one.sent) for one in result.too_much] == [(customer.pk, 6, 0)]
    assert result.over_cap == 1


def test_those_named_have_the_most_revenue_and_the_figures_of_their_day(playbook: Playbook) -> None:
    small, large = make_book(2, NIGHT - timedelta(days=60), timedelta(0))
    make_subscription(small, mrr=10, starts_on=date(2026, 5, 1))
    make_subscription(large, mrr=900, starts_on=date(2026, 5, 1))

    result = work_off(request(playbook.versions.get(), now=NIGHT), clock=lambda: NIGHT)

    assert result is not None
    assert [one.name for one in result.entrants] == [large.name, small.name]
    assert result.entrants[0].because == "Days since signup is at least 10 days (it is 10)"
    assert utc_day(result.entrants[0].moment) == date(2026, 4, 12)


def test_facts_without_history_are_named() -> None:
    asked = rows(("customers.tags", "has", ["vip"]), (AGE, "at_least", 1))
    playbook = make_playbook(trigger=DAILY, entry=asked, now=NIGHT)
    plan = playbook.versions.get().plan

    result = result_of(playbook, plan, simulate(playbook, plan, FIRST_DAY, FIRST_DAY), FIRST_DAY, FIRST_DAY)

    assert list(result.today_only) == ["Tags"]


def test_the_days_cost_as_many_queries_for_many_customers_as_for_few() -> None:
    def looked_at(count: int) -> int:
        make_book(count, start_of_day(FIRST_DAY) - timedelta(days=20), timedelta(0))
        plan = playbook.versions.get().plan
        with connection.execute_wrapper(counter):
            counter.count = 0
            simulate(playbook, plan, FIRST_DAY, FIRST_DAY + timedelta(days=12))
        return counter.count

    class Counter:
        count = 0

        def __call__(self, execute: Any, *args: Any) -> Any:
            self.count += 1
            return execute(*args)

    counter = Counter()
    playbook = playbook_of(DAILY, entry=rows((AGE, "at_least", 10)), exit=rows((AGE, "at_least", 40)))

    few = looked_at(2)

    assert looked_at(60) == few
