"""What is done in a run, in which order, and what ends it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from agentfactory_cs.customers import services as customers
from agentfactory_cs.customers.models import Churn, Customer, StaffProfile, Task
from agentfactory_cs.customers.tests.factories import NOW, YESTERDAY, make_customer, make_member
from agentfactory_cs.events.models import Event
from playbooks import entering, services, watching
from playbooks.models import Run, RunStep
from playbooks.models.playbook import PlaybookState
from playbooks.models.run import RunState, StepState
from playbooks.registry import Action, Context, Outcome, actions, failed
from playbooks.steps import end_run
from playbooks.working import MAX_ATTEMPTS, work_off_due

from .factories import days_pass, make_playbook, manual_step, rows, states, tag_step

pytestmark = pytest.mark.django_db


PRO_IN_A_MONTH = {"when": rows(("customers.tier", "in", ["pro"])), "within_days": 30}


def enter(*steps: dict[str, Any], customer: Customer | None = None, **fields: Any) -> Run:
    playbook = make_playbook(*steps, **fields)
    return services.start_run(customer or make_customer(), playbook, now=NOW, why="For a test.")


def tags(run: Run) -> set[str]:
    return set(run.customer.tags.values_list("name", flat=True))


def finish(run: Run, key: str, **fields: Any) -> None:
    """A person finishes a step's task, and the events are read."""
    task = run.steps.get(key=key).task
    assert task
    customers.finish_task(task, now=NOW + timedelta(days=1), **fields)
    watching.on_events(list(Event.objects.filter(trigger="customers.task_finished").order_by("-pk")[:1]), NOW)
    run.refresh_from_db()


def test_steps_are_done_on_their_days_whatever_happened_to_those_before() -> None:
    run = enter(tag_step("first"), manual_step("call", day=7), tag_step("last", day=14))

    before = states(days_pass(run, 13))
    after = states(days_pass(run, 14))

    assert before == {"first": "done", "call": "with_person", "last": "waiting"}
    assert after["last"] == "done"
    assert tags(run) == {"first", "last"}


def test_the_run_ends_when_every_step_is_settled() -> None:
    run = enter(tag_step("only"), manual_step())
    days_pass(run, 0)

    finish(run, "call", outcome="All is well.")

    assert (run.state, run.ended_because) == (RunState.FINISHED, "Every step is settled.")
    assert run.steps.get(key="call").because == "All is well."


def test_a_skipped_task_skips_its_step_with_its_reason() -> None:
    run = enter(manual_step(), tag_step("after", after="call"))
    days_pass(run, 0)

    finish(run, "call", status=Task.Status.SKIPPED, outcome="Nobody to call.")
    work_off_due(now=NOW + timedelta(days=1))

    assert states(run) == {"call": "skipped", "after": "done"}
    assert run.steps.get(key="call").because == "Nobody to call."


def test_a_step_whose_condition_does_not_hold_is_skipped_with_the_figures() -> None:
    run = enter(tag_step(condition=rows(("customers.tier", "in", ["pro"]))), customer=make_customer(tier="free"))

    days_pass(run, 0)

    step = run.steps.get()
    assert (step.state, step.because) == ("skipped", "Not met: Tier is Pro (it is free).")
    assert step.result["facts"] == [["Tier is Pro", False, "free"]]


def branching(**fields: Any) -> tuple[dict[str, Any], ...]:
    branch = {"key": "pays", "title": "Pays?", "kind": "branch", "day": 0, "wait_days": 5}
    condition = rows(("customers.tier", "in", ["pro"]))
    return (
        {**branch, "condition": condition, **fields},
        tag_step("thanks", branch="pays", outcome="yes"),
        tag_step("nudge", branch="pays", outcome="no"),
        tag_step("behind", branch="pays", outcome="no", after="nudge"),
    )


def test_a_branch_goes_yes_as_soon_as_its_condition_holds() -> None:
    run = enter(*branching(), customer=make_customer(tier="free"))
    days_pass(run, 2)
    run.customer.tier = Customer.Tier.PRO
    customers.save_customer(run.customer, now=NOW + timedelta(days=2))

    days_pass(run, 3)

    assert states(run) == {"pays": "done", "thanks": "done", "nudge": "skipped", "behind": "skipped"}
    assert run.state == RunState.FINISHED


def test_a_branch_goes_no_when_it_has_waited_long_enough() -> None:
    run = enter(*branching(), customer=make_customer(tier="free"))

    waiting, decided = states(days_pass(run, 4.9)), states(days_pass(run, 5.1))

    assert waiting == {"pays": "waiting", "thanks": "waiting", "nudge": "waiting", "behind": "waiting"}
    assert decided == {"pays": "done", "thanks": "skipped", "nudge": "done", "behind": "done"}


def test_the_exit_condition_is_asked_again_at_the_moment_of_each_step() -> None:
    run = enter(
        tag_step("first"), manual_step(), tag_step("second", day=2), exit=rows(("customers.tags", "has", ["stop"]))
    )
    days_pass(run, 1)
    customers.set_tags(run.customer, {"stop"}, now=NOW + timedelta(days=1))

    days_pass(run, 2)

    assert run.state == RunState.EXITED
    assert run.ended_because.startswith("Its exit condition holds: Tags include stop")
    assert states(run) == {"first": "done", "call": "cancelled", "second": "cancelled"}
    assert Task.objects.get().status == Task.Status.SKIPPED
    assert "second" not in tags(run)


def test_the_hourly_look_lets_out_whoever_waits_for_a_person() -> None:
    run = enter(manual_step(), exit=rows(("customers.tags", "has", ["stop"])))
    days_pass(run, 0)
    customers.set_tags(run.customer, {"stop"}, now=NOW)

    ended = watching.let_out(now=NOW)

    run.refresh_from_db()
    assert (ended, run.state) == (1, RunState.EXITED)


def test_a_departure_ends_every_run_of_the_customer_even_a_paused_one() -> None:
    run = enter(manual_step())
    services.pause_run(run, reason="On holiday.", now=NOW)
    customers.record_churn(Churn(customer=run.customer, churned_on=YESTERDAY), now=NOW)

    watching.on_events(list(Event.objects.filter(trigger="customers.churned")), NOW)

    run.refresh_from_db()
    assert (run.state, run.ended_because) == (RunState.EXITED, "The customer has left us.")


def test_nothing_is_done_while_a_run_is_paused_and_all_that_was_due_when_it_goes_on() -> None:
    run = enter(tag_step("first"), tag_step("second", day=1))
    services.pause_run(run, reason="On holiday.", now=NOW)
    paused = states(days_pass(run, 2))

    services.resume_run(run, now=NOW)
    days_pass(run, 2)

    assert set(paused.values()) == {"waiting"}
    assert run.state == RunState.FINISHED


def test_what_comes_due_in_a_paused_run_says_why_it_waits_and_is_done_at_once_when_it_goes_on() -> None:
    run = enter(tag_step("first"))
    services.pause_run(run, reason="On holiday.", now=NOW)
    work_off_due(now=NOW)
    waiting = run.steps.get()

    services.resume_run(run, now=NOW + timedelta(minutes=1))
    work_off_due(now=NOW + timedelta(minutes=1))

    assert (waiting.because, waiting.not_before) == ("It waits: the run is paused.", NOW + timedelta(hours=1))
    assert states(run) == {"first": "done"}


def test_a_playbook_that_goes_on_leaves_the_runs_that_are_paused_themselves_as_they_are() -> None:
    playbook = make_playbook(tag_step("first"))
    going, paused = (services.start_run(make_customer(), playbook, now=NOW, why="For a test.") for _ in range(2))
    services.pause_run(paused, reason="On holiday.", now=NOW)
    services.set_state(playbook, PlaybookState.PAUSED, now=NOW)
    work_off_due(now=NOW)
    waits = going.steps.get().because

    services.set_state(playbook, PlaybookState.ACTIVE, now=NOW + timedelta(minutes=1))
    work_off_due(now=NOW + timedelta(minutes=1))

    assert waits == "It waits: the playbook is paused."
    assert (states(going), states(paused)) == ({"first": "done"}, {"first": "waiting"})


def test_due_steps_of_a_paused_playbook_are_looked_at_once_an_hour_however_many(
    django_assert_num_queries: Any,
) -> None:
    playbook = make_playbook(trigger={"kind": "schedule"})
    for _ in range(60):
        make_customer()
    entering.look_at_everybody(NOW)
    services.set_state(playbook, PlaybookState.PAUSED, now=NOW)

    # What is put off (found and written), the due ones, and the transactions of both.
    with django_assert_num_queries(7):
        assert work_off_due(now=NOW) == 0

    assert not RunStep.objects.filter(not_before__lte=NOW).exists()


def test_what_people_do_in_a_paused_run_counts_and_ends_it_when_it_goes_on() -> None:
    run = enter(manual_step(), manual_step("mail"))
    days_pass(run, 0)
    services.pause_run(run, reason="On holiday.", now=NOW)

    finish(run, "call", outcome="Done by phone.")
    services.skip_step(run.steps.get(key="mail"), reason="No need.", now=NOW)
    run.refresh_from_db()
    meanwhile = (run.state, states(run))
    services.resume_run(run, now=NOW)

    run.refresh_from_db()
    assert meanwhile == (RunState.PAUSED, {"call": "done", "mail": "skipped"})
    assert run.state == RunState.FINISHED


def test_the_runs_of_a_retired_playbook_finish_and_those_of_a_paused_one_stand_still() -> None:
    retired, paused = enter(tag_step("one", day=1)), enter(tag_step("two", day=1))
    services.set_state(retired.playbook, PlaybookState.RETIRED, now=NOW)
    services.set_state(paused.playbook, PlaybookState.PAUSED, now=NOW)

    days_pass(retired, 2)

    assert (states(retired), states(paused)) == ({"one": "done"}, {"two": "waiting"})


@pytest.fixture
def broken() -> object:
    """An action that does something and then fails, as told."""
    told: dict[str, Any] = {}

    def run(context: Context, params: object) -> Outcome:
        customers.set_tags(context.customer, {"half done"}, now=context.now)
        if told.get("raises"):
            raise RuntimeError("The line is cut.")
        return failed("It cannot be.", permanent=True)

    actions.register(Action("tests.broken", "Broken", run))
    yield told
    del actions._items["tests.broken"]


def test_what_fails_for_now_is_tried_again_ever_later_and_then_left_to_a_person(broken: dict[str, Any]) -> None:
    broken["raises"] = True
    run = enter(tag_step(action="tests.broken", params={}), tag_step("other"))

    days_pass(run, 0)
    after_one = run.steps.get(key="tag")
    days_pass(run, 2)
    at_last = run.steps.get(key="tag")

    assert (after_one.state, after_one.attempts) == ("waiting", 1)
    assert "The line is cut." in after_one.because
    assert (at_last.state, at_last.attempts) == ("failed", MAX_ATTEMPTS)
    assert tags(run) == {"other"}
    assert Event.objects.filter(trigger="playbooks.step_failed").count() == 1


def test_a_failed_step_can_be_tried_again_or_passed_over(broken: dict[str, Any]) -> None:
    run = enter(tag_step(action="tests.broken", params={}))
    days_pass(run, 0)
    step = run.steps.get()

    services.retry_step(step, now=NOW)
    days_pass(run, 0)
    services.skip_step(step, reason="We did it by phone.", now=NOW)

    run.refresh_from_db()
    assert (run.steps.get().because, run.state) == ("We did it by phone.", RunState.FINISHED)


def test_the_goal_is_looked_for_even_after_the_last_step_and_for_those_held_out() -> None:
    goal = {"when": rows(("customers.tier", "in", ["pro"])), "within_days": 30}
    playbook = make_playbook(trigger={"kind": "schedule"}, goal=goal, holdout_percent=50)
    for _ in range(20):
        make_customer(tier="free")
    entering.look_at_everybody(NOW)
    work_off_due(now=NOW)
    Customer.objects.update(tier="pro")

    reached = watching.note_goals(now=NOW + timedelta(days=29))

    assert reached == 20
    assert playbook.runs.filter(state="held_out", goal_reached_at__isnull=False).exists()
    assert Event.objects.filter(trigger="playbooks.goal_reached").count() == 20


def upgrade(run: Run, now: datetime) -> None:
    run.customer.tier = Customer.Tier.PRO
    customers.save_customer(run.customer, changed={"tier"}, now=now)


@pytest.mark.parametrize(("minutes", "reached"), [(-59, True), (-1, True), (1, False)])
def test_a_goal_reached_between_two_looks_counts_up_to_the_moment_its_days_end(minutes: int, reached: bool) -> None:
    run = enter(customer=make_customer(tier="free"), goal=PRO_IN_A_MONTH)
    until = NOW + timedelta(days=30)
    watching.note_goals(now=until - timedelta(hours=1))
    upgrade(run, until + timedelta(minutes=minutes))

    noted = watching.note_goals(now=until + timedelta(minutes=5))

    run.refresh_from_db()
    assert (noted, run.goal_reached_at) == (int(reached), until if reached else None)


def test_a_goal_whose_days_are_over_is_looked_for_once_more_and_never_again() -> None:
    run = enter(customer=make_customer(tier="free"), goal=PRO_IN_A_MONTH)
    over = NOW + timedelta(days=31)
    watching.note_goals(now=over)
    upgrade(run, NOW + timedelta(days=1))

    noted = watching.note_goals(now=over + timedelta(hours=1))

    run.refresh_from_db()
    assert (noted, run.goal_reached_at, run.goal_closed_at) == (0, None, over)


def test_the_looks_for_goals_take_as_many_queries_for_many_runs_as_for_one(django_assert_num_queries: Any) -> None:
    playbook = make_playbook(trigger={"kind": "schedule"}, goal=PRO_IN_A_MONTH)
    for _ in range(12):
        make_customer(tier="free")
    entering.look_at_everybody(NOW)
    Customer.objects.filter(playbook_runs__playbook=playbook).update(tier="pro")

    # The versions; then twice (those who have time, those who have none) the runs, what is written, and savepoints.
    with django_assert_num_queries(13):
        assert watching.note_goals(now=NOW + timedelta(days=30)) == 12


@pytest.mark.parametrize("state", list(RunState))
@pytest.mark.parametrize("new", [RunState.FINISHED, RunState.EXITED, RunState.STOPPED])
def test_a_run_ends_only_from_where_it_may(state: RunState, new: RunState) -> None:
    run = enter(manual_step())
    ended = {} if state in ("running", "paused") else {"ended_at": NOW, "ended_because": "Before."}
    paused = {"paused_at": NOW} if state == "paused" else {}
    Run.objects.filter(pk=run.pk).update(state=state, is_drawn=state == "held_out", **ended, **paused)
    run.refresh_from_db()

    if new in Run.TRANSITIONS[state]:
        end_run(run, new, because="Because.", now=NOW)
        assert Run.objects.get().state == new
    else:
        with pytest.raises(ValidationError, match="cannot become"):
            end_run(run, new, because="Because.", now=NOW)


def test_the_success_manager_with_the_fewest_customers_who_speaks_the_language_gets_it() -> None:
    busy, idle = make_member("CSM", "busy"), make_member("CSM", "idle")
    StaffProfile.objects.create(user=busy, languages=["de"])
    for _ in range(3):
        make_customer(success_manager=busy)
    step = {
        "key": "assign",
        "title": "Assign",
        "kind": "action",
        "day": 0,
        "action": "playbooks.assign_success_manager",
    }
    german, english = make_customer(language="de"), make_customer(language="en")
    playbook = make_playbook(step)

    for customer in (german, english):
        days_pass(services.start_run(customer, playbook, now=NOW, why="New."), 0)

    german.refresh_from_db()
    english.refresh_from_db()
    assert (german.success_manager, english.success_manager) == (busy, idle)


def test_a_published_version_never_changes() -> None:
    run = enter()

    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        type(run.version).objects.filter(pk=run.version_id).update(definition={})


def test_nobody_is_held_out_but_by_the_draw() -> None:
    run = enter()

    with pytest.raises(IntegrityError, match="run_held_out_was_drawn"), transaction.atomic():
        Run.objects.filter(pk=run.pk).update(state=RunState.HELD_OUT, ended_at=NOW, ended_because="Why not.")


def test_a_step_not_done_must_say_why() -> None:
    run = enter()

    with pytest.raises(IntegrityError, match="run_step_not_done_says_why"), transaction.atomic():
        run.steps.update(state=StepState.SKIPPED, settled_at=NOW)
