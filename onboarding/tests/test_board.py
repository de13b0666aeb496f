"""The board's one statement against the rules, which judge one customer at a time."""

from datetime import timedelta
from random import Random

import pytest
from pytest_django import DjangoAssertNumQueries

from agentfactory_cs.customers.tests.factories import NOW, make_customer, make_member
from onboarding import board, rules
from onboarding.models import Onboarding
from onboarding.stages import STAGES, stage_of

from .factories import ITEMS, make_item, make_onboarding, make_reached, make_stuck, make_version

pytestmark = pytest.mark.django_db
EVERYTHING = board.Chosen()


def standing(chosen: board.Chosen = EVERYTHING) -> dict[str, list[int]]:
    return {column.stage.key: [line.onboarding.pk for line in column.lines] for column in board.columns(chosen, NOW)}


@pytest.mark.parametrize("seed", range(5))
def test_every_onboarding_stands_where_the_rules_say(seed: int) -> None:
    random = Random(seed)
    versions = [
        make_version(),
        make_version(
            make_item("kickoff", day=2),
            make_item("first_login", day=2, is_required=False),
            make_item("training_completed", day=9),
            make_item("first_conversation", day=10),
        ),
    ]
    expected: dict[str, set[int]] = {stage.key: set() for stage in STAGES}
    for _each in range(30):
        onboarding = make_onboarding(days_ago=random.uniform(0, 20), version=random.choice(versions))
        keys = {"kickoff", "training_completed", *(key for key, _title, _day in ITEMS)}
        reached = {key for key in keys if random.random() < 0.6}
        make_reached(onboarding.customer, *reached)
        lacking = rules.missing(onboarding.version.plan, reached)
        expected[stage_of(lacking[0].key if lacking else None).key].add(onboarding.pk)

    found = standing()

    assert {stage: set(pks) for stage, pks in found.items()} == expected


def test_the_longest_stuck_come_first_and_then_whose_next_item_is_due_first() -> None:
    fresh, late = make_onboarding(days_ago=0), make_onboarding(days_ago=3)
    stuck, longer = make_onboarding(days_ago=4), make_onboarding(days_ago=5)
    make_stuck(stuck, since=NOW - timedelta(days=1))
    make_stuck(longer, since=NOW - timedelta(days=2))

    assert standing()["account"] == [longer.pk, stuck.pk, late.pk, fresh.pk]


def test_a_column_counts_all_and_shows_the_first() -> None:
    for _each in range(5):
        make_stuck(make_onboarding(days_ago=4))
    make_onboarding()

    column = board.columns(EVERYTHING, NOW, most=2)[0]

    assert (len(column.lines), column.number, column.stuck, column.more) == (2, 6, 5, 4)


def test_only_running_onboardings_stand_on_the_board() -> None:
    make_onboarding(state="completed", ended_at=NOW, ended_because="All reached.")
    make_onboarding(state="ended", ended_at=NOW, ended_because="Left.")

    assert not any(standing().values())


def test_the_board_is_narrowed_to_owner_tier_and_the_stuck() -> None:
    mia = make_member("CSM", "mia")
    mine = make_onboarding(make_customer(success_manager=mia))
    pro = make_onboarding(make_customer(tier="pro"))
    stuck = make_onboarding()
    make_stuck(stuck)

    assert standing(board.Chosen(owner=mia.pk))["account"] == [mine.pk]
    assert standing(board.Chosen(tier="pro"))["account"] == [pro.pk]
    assert standing(board.Chosen(stuck_only=True))["account"] == [stuck.pk]
    assert board.at_stage("account") == [stuck.pk, mine.pk, pro.pk]


@pytest.mark.parametrize("number", [1, 12])
def test_the_board_costs_the_same_queries_however_many_there_are(
    number: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _each in range(number):
        make_stuck(make_onboarding(days_ago=4))

    with django_assert_num_queries(8):  # versions, places, onboardings, five for their lines; runs found: one more
        board.columns(EVERYTHING, NOW)


def test_a_lines_figures_are_those_of_the_checklist() -> None:
    onboarding = make_onboarding(days_ago=6)
    make_reached(onboarding.customer, "account_provisioned", at=NOW - timedelta(days=5))
    make_reached(onboarding.customer, "first_login", at=NOW - timedelta(days=4))
    make_stuck(onboarding, "first_agent")

    line = board.columns(EVERYTHING, NOW)[2].lines[0]

    assert line.progress == (2, 6)
    assert line.next
    assert line.next.key == "first_agent"
    assert line.next_at == onboarding.started_at + timedelta(days=5)
    assert line.is_late
    assert (line.day, line.days_here) == (7, 4)
    assert line.stuck
    assert line.stuck.because == "Stuck at first_agent."


def test_nobody_under_way_leaves_the_columns_empty() -> None:
    Onboarding.objects.all().delete()

    assert [(column.number, column.lines) for column in board.columns(EVERYTHING, NOW)] == [(0, [])] * len(STAGES)
