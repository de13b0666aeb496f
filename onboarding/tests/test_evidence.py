"""What customers do shows which milestones they reached, and when at the latest."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from agentfactory_cs.customers import services as customers
from agentfactory_cs.customers.models import Customer, Task, Training
from agentfactory_cs.customers.tests.factories import NOW
from onboarding import evidence, rules
from onboarding.milestones import reach
from onboarding.models import Milestone, Onboarding
from onboarding.models.onboarding import MilestoneSource
from playbooks.services import start_run
from playbooks.tests.factories import days_pass, make_playbook, manual_step

from .living import Life, after, sign_up, use


def moments(customer: Customer) -> dict[str, datetime]:
    return dict(customer.milestones.values_list("key", "reached_at"))


def end_of(day: int) -> datetime:
    return datetime(2026, 7, 2, tzinfo=UTC) + timedelta(days=day)


@pytest.mark.django_db
def test_each_kind_of_use_shows_by_the_end_of_its_first_day() -> None:
    customer = sign_up().customer
    use(customer, 1, logins=1)
    use(customer, 2, 3, logins=2, active_agents=1)
    use(customer, 4, conversations=5)

    count = evidence.look(now=after(9))

    assert count == 4
    assert moments(customer) == {
        "first_login": end_of(1),
        "first_agent": end_of(2),
        "first_conversation": end_of(4),
        "first_week_active": end_of(3),
    }
    assert customer.milestones.get(key="first_agent").detail == "An active agent on 2026-07-03."


@pytest.mark.django_db
def test_the_use_of_today_shows_by_now() -> None:
    customer = sign_up().customer
    use(customer, 0, logins=1)

    evidence.look(now=after(0.1))
    evidence.look(now=after(0.2))

    assert moments(customer) == {"first_login": after(0.1)}


@pytest.mark.django_db
def test_use_that_comes_in_late_moves_the_moment_back() -> None:
    customer = sign_up().customer
    use(customer, 5, logins=1)
    evidence.look(now=after(6))

    use(customer, 2, logins=1)
    evidence.look(now=after(7))

    assert moments(customer) == {"first_login": end_of(2)}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("days", "reached_on"),
    [
        ((0, 1), None),
        ((0, 3, 6), 6),
        ((0, 3, 7), None),
        ((0, 5, 7, 8), 8),
        ((2, 3, 4, 5), 4),
    ],
)
def test_a_week_is_active_with_three_days_of_use_within_seven(days: tuple[int, ...], reached_on: int | None) -> None:
    customer = sign_up().customer
    use(customer, *days, api_calls=1)

    evidence.look(now=after(20))

    assert moments(customer).get("first_week_active") == (None if reached_on is None else end_of(reached_on))


@pytest.mark.django_db
def test_days_without_any_use_are_no_days_of_use() -> None:
    customer = sign_up().customer
    use(customer, 0, 1, 2, 3, community_posts=1)

    assert evidence.look(now=after(9)) == 0


@pytest.mark.django_db
def test_only_who_is_in_onboarding_is_looked_at_and_only_since_the_signup() -> None:
    over, running = sign_up(), sign_up()
    Onboarding.objects.filter(pk=over.pk).update(state="ended", ended_at=NOW, ended_because="Over.")
    use(over.customer, 1, logins=1)
    use(running.customer, -1, logins=1)

    assert evidence.look(now=after(3)) == 0


@pytest.mark.django_db
def test_looking_again_finds_nothing_new_and_however_many_there_are_takes_as_many_statements() -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            evidence.look(now=after(3))
        return len(queries)

    use(sign_up().customer, 1, logins=1, active_agents=1)
    one = statements()
    for _number in range(9):
        use(sign_up().customer, 1, logins=1, active_agents=1)
    nine, none = statements(), statements()

    assert one == nine
    assert none == 2
    assert Milestone.objects.count() == 20


@pytest.mark.django_db
def test_training_is_completed_with_the_last_course_that_was_assigned() -> None:
    customer = sign_up("pro").customer
    courses = [
        customers.save_training(Training(customer=customer, course=name, assigned_on=NOW.date()), now=NOW)
        for name in ("Agents", "Evaluation")
    ]
    courses[0].completed_on = after(2).date()
    customers.save_training(courses[0], now=after(2))
    before = evidence.look(now=after(3))

    courses[1].completed_on = after(4).date()
    customers.save_training(courses[1], now=after(5))
    evidence.look(now=after(5))

    assert before == 0
    assert moments(customer) == {"training_completed": end_of(4)}
    assert customer.milestones.get().detail == "Completed all 2 courses assigned, the last on 2026-07-05."


def call_with(**params: Any) -> dict[str, Any]:
    return manual_step("call", params={"task_kind": "call", **params})


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "reached"), [(Task.Status.DONE, {"onboarding_call": after(1)}), (Task.Status.SKIPPED, {})]
)
def test_a_task_that_names_a_milestone_reaches_it_when_it_is_done_not_when_it_is_skipped(
    status: str, reached: dict[str, datetime], manager: Any
) -> None:
    customer, life = sign_up("pro").customer, Life()
    run = start_run(customer, make_playbook(call_with(milestone="onboarding_call")), now=NOW, why="For a test.")
    days_pass(run, 0)
    task = run.steps.get().task
    assert task

    customers.finish_task(task, status=status, outcome="They want fewer calls.", by=manager, now=after(1))
    life.feed(after(1))

    assert moments(customer) == reached


class FirstDays(TestCase):
    """The statement over everybody against the plainest way to say the same."""

    @given(
        st.lists(
            st.dictionaries(st.integers(0, 20), st.tuples(*[st.integers(0, 1)] * 4), max_size=12),
            min_size=1,
            max_size=3,
        )
    )
    def test_any_use_is_read_as_its_days_say(self, histories: list[dict[int, tuple[int, ...]]]) -> None:
        people = [sign_up().customer for _history in histories]
        for customer, history in zip(people, histories, strict=True):
            for day, counts in history.items():
                use(customer, day, **dict(zip(COLUMNS, counts, strict=True)))

        evidence.from_usage(now=after(40))

        for customer, history in zip(people, histories, strict=True):
            assert moments(customer) == plainly(history)


COLUMNS = ("logins", "api_calls", "conversations", "active_agents")
FIRSTS = {"first_login": 0, "first_conversation": 2, "first_agent": 3}


def plainly(history: dict[int, tuple[int, ...]]) -> dict[str, datetime]:
    found = {}
    for key, column in FIRSTS.items():
        if days := [day for day, counts in history.items() if counts[column]]:
            found[key] = end_of(min(days))
    used = {day for day, counts in history.items() if any(counts)}
    for day in sorted(used):
        if len(used & set(range(day - 6, day + 1))) >= rules.ACTIVE_DAYS_OF_WEEK:
            found["first_week_active"] = end_of(day)
            break
    return found


@pytest.mark.django_db
def test_evidence_of_the_platform_that_is_earlier_than_the_days_end_stays() -> None:
    customer = sign_up().customer
    reach(customer, "first_agent", at=after(0.3), source=MilestoneSource.PLATFORM, now=after(0.3))
    use(customer, 0, active_agents=1)

    evidence.look(now=after(3))

    assert moments(customer)["first_agent"] == after(0.3)
