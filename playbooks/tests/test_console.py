"""What people see of playbooks, and do with them, in the console."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from agentfactory_cs.customers import services as customers
from agentfactory_cs.customers.models import Churn, Customer
from agentfactory_cs.customers.tests.factories import NOW, YESTERDAY, make_customer, make_member
from playbooks import entering, services
from playbooks.models import Playbook, Run
from playbooks.models.run import RunState
from playbooks.working import work_off_due

from .factories import make_playbook, manual_step, rows, states, tag_step

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


def page(console: Client, view: str, *args: Any) -> str:
    response = console.get(reverse(f"admin:{view}", args=args))
    assert response.status_code == 200
    return response.content.decode()


def post(console: Client, view: str, *args: Any, **fields: Any) -> str:
    response = console.post(reverse(f"admin:{view}", args=args), fields, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def panel(console: Client, customer: Customer) -> str:
    return console.get(reverse("admin:panel", args=("playbooks.runs", customer.pk))).content.decode()


def enter(*steps: dict[str, Any], **fields: Any) -> Run:
    run = services.start_run(make_customer(), make_playbook(*steps, **fields), now=NOW, why="They asked for it.")
    work_off_due(now=NOW)
    run.refresh_from_db()
    return run


def test_the_list_says_who_enters_and_what_became_of_the_runs(console: Client) -> None:
    make_playbook(
        manual_step(), name="Rescue", trigger={"kind": "schedule"}, entry=rows(("customers.tier", "in", ["pro"]))
    )
    make_customer(tier="pro")
    entering.look_at_everybody(NOW)

    text = page(console, "playbooks_playbook_changelist")

    assert "Every day, everybody is looked at. Tier is Pro" in text
    assert "Only when somebody, or another playbook, starts it" in text  # the shipped welcome sequence


def test_a_playbooks_page_tells_its_definition_in_words(console: Client) -> None:
    goal = {"when": rows(("customers.tier", "in", ["pro"])), "within_days": 30}
    playbook = make_playbook(
        tag_step("first"),
        manual_step("call", day=3, after="first", condition=rows(("customers.tier", "in", ["free"]))),
        exit=rows(("customers.tags", "has", ["stop"])),
        goal=goal,
    )

    text = page(console, "playbooks_playbook_change", playbook.pk)

    for words in (
        "Day 3",
        "Add a tag: first",
        "A person does it",
        "Only if: Tier is Free",
        "Not before “First” is settled",
        "Tags include stop",
        "Tier is Pro, within 30 days",
        "For a test.",
    ):
        assert words in text


def test_a_draft_that_cannot_be_run_says_why_and_is_not_published(console: Client) -> None:
    broken = {"trigger": {"kind": "manual"}, "steps": [tag_step()], "entry": rows(("tests.nothing", "above", 1))}
    playbook = Playbook.objects.create(key="broken", name="Broken", created_at=NOW)
    services.save_draft(playbook, broken, now=NOW)

    text = page(console, "playbooks_playbook_change", playbook.pk)
    after = post(console, "playbooks_playbook_act", playbook.pk, "publish", reason="It fits.")

    assert "there is no fact &#x27;tests.nothing&#x27;" in text
    assert "there is no fact &#x27;tests.nothing&#x27;" in after
    assert services.in_force(playbook) is None


def test_a_manager_publishes_activates_pauses_and_retires_it(console: Client) -> None:
    playbook = Playbook.objects.get(key="welcome")
    seen = []

    post(console, "playbooks_playbook_act", playbook.pk, "publish", reason="It fits.")
    for verb in ("activate", "pause", "activate", "retire", "take-up"):
        post(console, "playbooks_playbook_act", playbook.pk, verb)
        playbook.refresh_from_db()
        seen.append(playbook.state)

    assert playbook.versions.get().reason == "It fits."
    assert seen == ["active", "paused", "active", "retired", "paused"]


def test_publishing_without_a_reason_is_refused(console: Client) -> None:
    playbook = Playbook.objects.get(key="welcome")

    text = post(console, "playbooks_playbook_act", playbook.pk, "publish", reason=" ")

    assert "Say in a sentence why." in text
    assert services.in_force(playbook) is None


def test_a_run_shows_each_step_with_what_became_of_it_and_why_not(console: Client) -> None:
    only_pro = rows(("customers.tier", "in", ["pro"]))
    run = enter(tag_step("done"), tag_step("skipped", condition=only_pro), manual_step(), tag_step("later", day=9))

    text = page(console, "playbooks_run_change", run.pk)

    assert "They asked for it." in text
    assert "Not met: Tier is Pro (it is starter)." in text
    assert "it was starter" in text
    assert "With a person" in text
    assert "Day 9" in text


def test_a_run_is_paused_resumed_and_stopped_with_its_reason(console: Client) -> None:
    run = enter(manual_step())
    seen = []

    for verb, reason in (("pause", "On holiday."), ("resume", ""), ("stop", "They left it to us.")):
        post(console, "playbooks_run_act", run.pk, verb, reason=reason)
        run.refresh_from_db()
        seen.append(run.state)

    assert seen == [RunState.RUNNING if verb == "resume" else verb for verb in ("paused", "resume", "stopped")]
    assert "They left it to us." in page(console, "playbooks_run_change", run.pk)


def test_a_step_is_passed_over_with_a_reason(console: Client) -> None:
    run = enter(manual_step(), tag_step("after", after="call"))
    step = run.steps.get(key="call")

    refused = post(console, "playbooks_runstep_act", step.pk, "skip", reason="")
    done = post(console, "playbooks_runstep_act", step.pk, "skip", reason="We met them.")

    assert "Say in a sentence why." in refused
    assert "We met them." in done
    assert states(run) == {"call": "skipped", "after": "waiting"}


def test_a_step_that_failed_is_counted_in_the_sidebar_and_tops_the_list(console: Client) -> None:
    run, other = enter(manual_step()), enter(manual_step("fine"))
    run.steps.update(state="failed", because="The line is cut.")

    text = page(console, "playbooks_run_changelist")

    assert run.customer.name in text
    assert other.customer.name not in text
    post(console, "playbooks_runstep_act", run.steps.get().pk, "retry")
    assert states(run) == {"call": "waiting"}


def test_a_customers_page_tells_what_runs_what_was_and_why_something_did_not_begin(console: Client) -> None:
    run = enter(manual_step(), tag_step("next", day=2), name="Rescue")
    services.stop_run(enter_again(run.customer, name="Past"), reason="Enough.", now=NOW)
    make_playbook(name="Refusing", trigger={"kind": "event", "event": "customers.signed_up"}, entry=None)
    refusing = Playbook.objects.get(name="Refusing")
    refusing.refusals.create(customer=run.customer, reason="condition", detail="Not met.", on=YESTERDAY, refused_at=NOW)

    text = panel(console, run.customer)

    for words in ("Rescue", "With a person:", "Past", "Enough.", "Refusing", "Not met.", "Start playbook"):
        assert words in text


def enter_again(customer: Customer, **fields: Any) -> Run:
    return services.start_run(customer, make_playbook(manual_step(), **fields), now=NOW, why="For a test.")


def test_a_playbook_is_started_from_the_customers_page_or_refused_with_the_reason(console: Client) -> None:
    playbook, customer = make_playbook(manual_step()), make_customer()

    started = post(console, "playbooks_run_start", customer.pk, playbook=playbook.pk, reason="They asked.")
    again = post(console, "playbooks_run_start", customer.pk, playbook=playbook.pk, reason="They asked.")

    assert "Started." in started
    assert "It has been in it since 2026-07-01." in again
    assert Run.objects.get().entered_because == "They asked."


def test_who_has_left_is_offered_no_playbook(console: Client) -> None:
    make_playbook()
    customer = make_customer()
    customers.record_churn(Churn(customer=customer, churned_on=YESTERDAY), now=NOW)

    assert "Start playbook" not in panel(console, customer)


@pytest.mark.parametrize(
    ("view", "extra"),
    [("playbooks_run_act", ("stop",)), ("playbooks_run_start", ()), ("playbooks_playbook_act", ("pause",))],
)
def test_who_may_only_look_may_do_nothing(view: str, extra: tuple[str, ...]) -> None:
    run, viewer = enter(manual_step()), Client()
    viewer.force_login(make_member("Viewer"))

    pk = {"playbooks_run_start": run.customer_id, "playbooks_playbook_act": run.playbook_id}.get(view, run.pk)
    response = viewer.post(reverse(f"admin:{view}", args=(pk, *extra)), {"reason": "x", "playbook": run.playbook_id})

    assert response.status_code == 403
    run.refresh_from_db()
    assert run.state == RunState.RUNNING
