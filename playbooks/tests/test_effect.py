"""Whether a playbook works is judged by those held out; what cannot be said is said to be unknown."""

from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.urls import reverse

from agentfactory_cs.customers import services as customers
from agentfactory_cs.customers.models import Churn, Customer
from agentfactory_cs.customers.tests.factories import NOW, make_contact, make_customer
from agentfactory_cs.events.models import Event
from playbooks import entering, services, watching
from playbooks.effect import Effect, Kept, effects, of_playbook, refresh, verdict
from playbooks.effect.page import at_work
from playbooks.effect.proportions import Arm
from playbooks.effect.words import headline, sentences
from playbooks.models import Measurement, Playbook, PlaybookVersion, Run
from playbooks.tasks import watch_runs
from playbooks.working import work_off_due

from .factories import SIGNED_UP, make_playbook, manual_step, rows, tag_step
from .test_preview import mail_step

pytestmark = pytest.mark.django_db

GOAL = {"when": rows(("customers.tier", "in", ["pro"])), "within_days": 10}
DAILY = {"kind": "schedule"}


@pytest.fixture
def playbook() -> Playbook:
    return make_playbook(
        mail_step("hello", 0), manual_step("call", day=1), trigger=DAILY, goal=GOAL, holdout_percent=50, key="rescue"
    )


def enter(count: int) -> list[Run]:
    for _ in range(count):
        make_contact(make_customer(), is_primary=True)
    entering.look_at_everybody(NOW)
    return list(Run.objects.order_by("pk"))


def reach_goal(runs: list[Run], after_days: int) -> None:
    ids = [run.customer_id for run in runs]
    Customer.objects.filter(pk__in=ids).update(tier="pro")
    watching.note_goals(now=NOW + timedelta(days=after_days))


def effect_of(playbook: Playbook, days: int, version: PlaybookVersion | None = None) -> Effect:
    version = version or services.in_force(playbook)
    assert version
    return effects([version.pk], NOW + timedelta(days=days))[version.pk]


def test_those_who_entered_and_those_held_out_are_counted_apart(playbook: Playbook) -> None:
    runs = enter(30)
    inside = [run for run in runs if run.state == "running"]
    held = [run for run in runs if run.state == "held_out"]
    reach_goal(inside[:4] + held[:1], after_days=3)

    effect = effect_of(playbook, days=11)

    assert (effect.entered, effect.held_out, effect.goal_reached) == (len(inside), len(held), 4)
    assert (effect.treated, effect.control) == (Arm(4, len(inside)), Arm(1, len(held)))
    assert effect.days_to_goal == pytest.approx(3)


def test_whoever_still_has_time_for_the_goal_is_not_compared_yet(playbook: Playbook) -> None:
    runs = enter(10)

    effect = effect_of(playbook, days=9)

    assert effect.undecided == len(runs)
    assert (effect.treated, effect.control) == (Arm(0, 0), Arm(0, 0))


def by_a_person(playbook: Playbook, manager: Any) -> None:
    services.start_run(make_customer(), playbook, by=manager, now=NOW, why="They asked.")


def by_somebody_since_deleted(playbook: Playbook, manager: Any) -> None:
    by_a_person(playbook, manager)
    manager.delete()


def by_another_system(playbook: Playbook, manager: Any) -> None:
    services.start_run(make_customer(), playbook, by="The billing system", now=NOW, why="Paid.")


def by_another_playbook(playbook: Playbook, manager: Any) -> None:
    step = tag_step(action="playbooks.start_playbook", params={"playbook": playbook.key})
    services.start_run(make_customer(), make_playbook(step), by=manager, now=NOW, why="For a test.")
    work_off_due(now=NOW)


@pytest.mark.parametrize("chosen", [by_a_person, by_somebody_since_deleted, by_another_system, by_another_playbook])
def test_whom_somebody_chose_is_not_compared_with_those_drawn(
    playbook: Playbook, manager: Any, chosen: Callable[[Playbook, Any], None]
) -> None:
    chosen(playbook, manager)

    effect = effect_of(playbook, days=11)

    assert (effect.entered, effect.treated) == (1, Arm(0, 0))


def test_exits_are_told_by_their_reason_and_so_are_mails_and_tasks() -> None:
    left_early = rows(("customers.tags", "has", ["enough"]))
    playbook = make_playbook(tag_step("a"), manual_step("call"), trigger=DAILY, goal=GOAL, exit=left_early)
    runs = enter(4)
    work_off_due(now=NOW)
    customers.set_tags(runs[0].customer, {"enough"}, now=NOW)
    watching.let_out(now=NOW + timedelta(hours=1))
    churn = Churn(customer=runs[1].customer, churned_on=NOW.date())
    customers.record_churn(churn, now=NOW)
    watching.on_events(list(runs[1].customer.events.all()), NOW)
    services.stop_run(runs[2], reason="Enough.", now=NOW)

    effect = effect_of(playbook, days=11)

    assert (effect.exited, effect.churned, effect.stopped, effect.under_way) == (1, 1, 1, 1)
    assert (effect.tasks, effect.mails) == (4, 0)
    assert effect.stayed == Arm(3, 4)


def test_versions_are_told_apart(playbook: Playbook) -> None:
    enter(3)
    first = services.in_force(playbook)
    assert first
    services.save_draft(playbook, {**first.definition, "exit": rows(("customers.tier", "in", ["free"]))}, now=NOW)
    services.publish(playbook, reason="Leave sooner.", now=NOW)

    refresh(now=NOW)

    (two, nobody), (one, kept) = of_playbook(playbook)
    assert (two, nobody, one) == (2, None, 1)
    assert kept == Kept(effect_of(playbook, 0, first), NOW)
    assert kept.effect.entered + kept.effect.held_out == 3


def test_effects_take_as_many_queries_for_many_versions_as_for_one(django_assert_num_queries: Any) -> None:
    playbooks = [make_playbook(trigger=DAILY, goal=GOAL) for _ in range(5)]
    enter(3)
    ids = [playbook.versions.get().pk for playbook in playbooks]

    with django_assert_num_queries(4):
        assert len(effects(ids, NOW)) == 5


@pytest.mark.parametrize(
    ("effect", "has_goal", "kind", "says"),
    [
        (Effect(entered=9), False, "no_goal", "has no goal"),
        (Effect(entered=9, treated=Arm(3, 9)), True, "no_control", "Nobody has been held out"),
        (Effect(held_out=19, treated=Arm(9, 90), control=Arm(0, 19)), True, "too_few", "it takes 20 customers"),
        (
            Effect(held_out=80, treated=Arm(56, 70), control=Arm(48, 80)),
            True,
            "helps",
            "80 % reach the goal with it, 60",
        ),
        (Effect(held_out=70, treated=Arm(48, 80), control=Arm(56, 70)), True, "harms", "It does harm"),
        (Effect(held_out=40, treated=Arm(20, 40), control=Arm(18, 40)), True, "unclear", "No difference can be told"),
    ],
)
def test_what_can_be_said_is_said_and_no_more(effect: Effect, has_goal: bool, kind: str, says: str) -> None:
    judged = verdict(effect, has_goal=has_goal)

    assert judged.kind == kind
    assert says in headline(effect, judged)


def test_where_too_few_are_held_out_it_says_how_many_more_it_takes() -> None:
    effect = Effect(held_out=100, treated=Arm(60, 100), control=Arm(50, 100))

    judged = verdict(effect, has_goal=True)

    # power.prop.test(p1 = .5, p2 = .6, power = .8) of R: 388 in each arm.
    assert judged.more_held_out == 288
    assert any("Underpowered: about 288 more customers must be held out" in said for said in sentences(effect, judged))


def test_a_large_difference_that_is_seen_is_not_underpowered() -> None:
    assert not verdict(Effect(held_out=80, treated=Arm(64, 80), control=Arm(24, 80)), has_goal=True).is_underpowered


def test_the_page_says_whether_it_works_with_both_shares(playbook: Playbook, console: Client, at_now: None) -> None:
    enter(30)
    Run.objects.update(entered_at=NOW - timedelta(days=20), goal_until=NOW - timedelta(days=10))
    refresh(now=NOW)

    page = console.get(reverse("admin:playbooks_playbook_change", args=(playbook.pk,))).content.decode()

    assert "Too few to say" in page
    assert "counted anew every hour" in page
    assert "reached the goal; the share lies within 0 % to" in page


def test_the_dashboard_has_a_line_for_each_active_playbook(playbook: Playbook, console: Client, at_now: None) -> None:
    make_playbook(active=False, name="Not at work")
    enter(1)
    Run.objects.update(state="running", ended_at=None, ended_because="")
    refresh(now=NOW)

    card = console.get(reverse("admin:card", args=("playbooks.at_work",))).content.decode()

    assert "rescue" in card
    assert "Nobody has been held out" in card
    assert "1 under way, 1 entered" in card
    assert "Not at work" not in card


def test_a_version_that_was_not_counted_yet_says_so(playbook: Playbook, console: Client, at_now: None) -> None:
    Customer.objects.all().delete()
    enter(20)

    page = console.get(reverse("admin:playbooks_playbook_change", args=(playbook.pk,))).content.decode()

    assert "Nobody was in this version when it was counted last" in page


def test_the_hourly_task_counts_anew_and_keeps_one_row_a_version(playbook: Playbook, at_now: None) -> None:
    enter(4)
    refresh(now=NOW - timedelta(hours=1))
    enter(4)

    watch_runs()

    row = Measurement.objects.get()
    assert (row.as_of, row.figures["entered"] + row.figures["held_out"]) == (NOW, 8)


def test_pages_read_what_was_counted_and_count_no_runs(playbook: Playbook, django_assert_num_queries: Any) -> None:
    enter(3)
    refresh(now=NOW)
    shown = [(playbook, playbook.versions.get())]

    with django_assert_num_queries(1):
        (line,) = at_work(shown)

    assert line["effect_as_of"] == NOW


def test_of_the_runs_from_before_those_are_drawn_whom_nobody_chose(playbook: Playbook) -> None:
    """The migration tells them by their words, as the column was not there."""
    moved = import_module("playbooks.migrations.0006_drawn_and_last_look")
    named = make_playbook(trigger=SIGNED_UP)
    enter(6)
    entering.on_events(list(Event.objects.filter(trigger="customers.signed_up")), NOW)
    for one in (playbook, named):
        services.start_run(make_customer(), one, by="The billing system", now=NOW, why="Paid.")
    drawn = dict(Run.objects.values_list("pk", "is_drawn"))
    Run.objects.exclude(state="held_out").update(is_drawn=False)

    with connection.cursor() as cursor:
        cursor.execute(moved.MARK_DRAWN)
    moved.mark_those_of_the_daily_look(apps, None)

    assert dict(Run.objects.values_list("pk", "is_drawn")) == drawn
    assert set(drawn.values()) == {True, False}
