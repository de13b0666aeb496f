"""Who does not go on is noticed, by the rules and nothing else, and let go once it goes on."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from agentfactory_cs.customers.tests.factories import NOW
from agentfactory_cs.events.models import Event
from onboarding import rules, stuck
from onboarding.milestones import Reached, reach_all
from onboarding.models import Onboarding, StuckPeriod
from onboarding.models.onboarding import MilestoneSource

from .living import after, sign_up

STARTER = ("account_provisioned", "first_login", "first_agent", "knowledge_base", "first_conversation")


def reach(onboarding: Onboarding, key: str, days: float) -> None:
    reach_all([Reached(onboarding.customer_id, key, after(days), MilestoneSource.USAGE)], now=after(days))


def told(trigger: str) -> list[dict[str, Any]]:
    return list(Event.objects.filter(trigger=trigger).order_by("pk").values_list("data", flat=True))


@pytest.mark.django_db
def test_a_milestone_is_late_after_its_day_and_two_days_of_grace() -> None:
    sign_up()

    just_before = stuck.look(now=after(3) - timedelta(seconds=1))
    on_time = stuck.look(now=after(3))

    period = StuckPeriod.objects.get()
    assert (just_before, on_time) == (0, 1)
    assert (period.blocker, period.since, period.noticed_at) == ("account_provisioned", after(3), after(3))
    assert period.because == "Account provisioned: expected by 2 July 2026, and not reached 2 days later."


@pytest.mark.django_db
def test_five_days_without_anything_new_are_stuck_too() -> None:
    onboarding = sign_up()
    for key in STARTER:
        reach(onboarding, key, 2)

    before, on_time = stuck.look(now=after(6.9)), stuck.look(now=after(7))

    period = StuckPeriod.objects.get()
    assert (before, on_time) == (0, 1)
    assert period.because == "Nothing was reached since 3 July 2026, for 5 days. Next is: First week active."


@pytest.mark.django_db
def test_a_period_is_told_of_once_and_keeps_its_blocker_up_to_date() -> None:
    onboarding = sign_up()
    stuck.look(now=after(3))
    reach(onboarding, "account_provisioned", 5)

    changed = stuck.look(now=after(5))

    period = StuckPeriod.objects.get()
    assert changed == 0
    assert (period.blocker, period.since) == ("first_login", after(3))
    assert len(told("onboarding.stuck")) == 1


@pytest.mark.django_db
def test_who_goes_on_is_let_go_with_what_it_reached_and_may_get_stuck_again() -> None:
    onboarding = sign_up()
    stuck.look(now=after(4))
    reach(onboarding, "account_provisioned", 4.5)
    reach(onboarding, "first_login", 4.6)

    stuck.look(now=after(5))
    stuck.look(now=after(7))

    second, first = StuckPeriod.objects.order_by("-noticed_at")
    assert (first.ended_at, first.ended_because) == (after(5), "First login was reached on 6 July 2026.")
    assert (second.blocker, second.ended_at) == ("first_agent", None)
    assert [data["why"] for data in told("onboarding.unstuck")] == ["First login was reached on 6 July 2026."]
    assert [data["period"] for data in told("onboarding.stuck")] == [first.pk, second.pk]


@pytest.mark.django_db
def test_what_is_over_is_not_looked_at() -> None:
    onboarding = sign_up()
    Onboarding.objects.update(state="completed", ended_at=after(2), ended_because="Done.")

    assert stuck.look(now=after(9)) == 0
    assert not onboarding.stuck_periods.exists()


@pytest.mark.django_db
def test_however_many_are_looked_at_it_takes_as_many_statements() -> None:
    for number in range(12):
        sign_up(("free", "starter", "pro", "enterprise")[number % 4])

    def statements(ids: list[int]) -> int:
        with CaptureQueriesContext(connection) as queries:
            stuck.look(now=after(4), customer_ids=ids)
        return len(queries)

    ids = list(Onboarding.objects.values_list("customer_id", flat=True))
    assert statements(ids[:3]) == statements(ids[3:])
    assert StuckPeriod.objects.count() == 12


@pytest.mark.django_db
def test_the_database_keeps_one_open_period_an_onboarding_and_a_reason_for_its_end() -> None:
    onboarding = sign_up()
    stuck.look(now=after(4))
    fields = {"onboarding": onboarding, "blocker": "first_login", "because": "Late.", "since": NOW, "noticed_at": NOW}

    with pytest.raises(IntegrityError, match="stuck_period_open_once"), transaction.atomic():
        StuckPeriod.objects.create(**fields)
    with pytest.raises(IntegrityError, match="stuck_period_ended_has_its_reason"), transaction.atomic():
        StuckPeriod.objects.create(**fields, ended_at=NOW)


# Random checklists and what was reached of them, in hours after the start.

KEYS = ("a", "b", "c", "d", "e")
ITEMS = st.lists(
    st.builds(
        rules.Item,
        st.sampled_from(KEYS),
        st.just("Something"),
        st.none() | st.integers(1, 20),
        st.booleans(),
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda item: item.key,
)
REACHED = st.dictionaries(st.sampled_from(KEYS), st.integers(0, 600), max_size=5)
HOURS = st.integers(0, 700)


def at(hours: int) -> datetime:
    return NOW + timedelta(hours=hours)


def judge(items: list[rules.Item], reached: dict[str, int], hours: int) -> rules.Blocker | None:
    moments = {key: at(when) for key, when in reached.items() if when <= hours}
    return rules.blocker(rules.Checklist(items), moments, started_at=NOW, now=at(hours))


@given(ITEMS, REACHED, HOURS, st.integers(0, 200))
def test_who_is_stuck_stays_so_while_nothing_is_reached(
    items: list[rules.Item], reached: dict[str, int], hours: int, later: int
) -> None:
    by_now = {key: when for key, when in reached.items() if when <= hours}

    before, then = judge(items, by_now, hours), judge(items, by_now, hours + later)

    if before:
        assert then
        assert then.since <= at(hours + later)


@given(ITEMS, REACHED, HOURS)
def test_everything_required_reached_is_never_stuck(
    items: list[rules.Item], reached: dict[str, int], hours: int
) -> None:
    everything = {item.key: 0 for item in items if item.is_required} | {
        key: when for key, when in reached.items() if when <= hours
    }

    assert judge(items, everything, hours) is None


@given(ITEMS, REACHED, HOURS, st.sampled_from(KEYS))
def test_reaching_more_now_makes_nobody_late_who_was_not(
    items: list[rules.Item], reached: dict[str, int], hours: int, key: str
) -> None:
    before = judge(items, reached, hours)

    after_it = judge(items, {**reached, key: min(hours, reached.get(key, hours))}, hours)

    if before is None:
        assert after_it is None
    if after_it and before and not before.is_silence:
        assert after_it.since >= before.since


@given(ITEMS, REACHED, HOURS, st.randoms())
def test_in_which_order_things_were_reached_and_written_changes_nothing(
    items: list[rules.Item], reached: dict[str, int], hours: int, random: Any
) -> None:
    pairs = list(reached.items())
    random.shuffle(pairs)

    assert judge(items, dict(pairs), hours) == judge(items, reached, hours)


class LookIsTheRules(TestCase):
    """What is stored after a look is what the rules say, onboarding by onboarding."""

    @given(st.lists(st.tuples(st.dictionaries(st.sampled_from(STARTER), HOURS), HOURS), min_size=1, max_size=4))
    def test_whatever_was_reached_and_whenever_one_looks(self, cases: list[tuple[dict[str, int], int]]) -> None:
        onboardings = [sign_up() for _case in cases]
        for onboarding, (reached, _hours) in zip(onboardings, cases, strict=True):
            rows = [Reached(onboarding.customer_id, key, at(h), MilestoneSource.HAND) for key, h in reached.items()]
            reach_all(rows, now=at(700))
        for hours in sorted({hours for _reached, hours in cases}):
            stuck.look(now=at(hours))

            for onboarding, (reached, _hours) in zip(onboardings, cases, strict=True):
                wanted = judge(list(onboarding.version.plan.items), reached, hours)
                period = onboarding.stuck_periods.filter(ended_at=None).first()
                assert (period.blocker if period else None) == (wanted.item.key if wanted else None)
                assert onboarding.stuck_periods.filter(ended_at__lt=at(0)).count() == 0
