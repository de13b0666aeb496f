"""What people see of onboarding, and do about it, in the console."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.tests.factories import NOW, make_contact, make_customer, make_member
from agentfactory_cs.events.models import Event
from onboarding.models import Milestone, Onboarding, PlatformDelivery, ProvisioningStep
from playbooks import services as playbooks
from playbooks.models import Playbook
from playbooks.tests.factories import BY_HAND, make_playbook, manual_step, tag_step
from playbooks.working import work_off_due

from .factories import make_delivery, make_onboarding, make_reached, make_step, make_stuck

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


def page(console: Client, view: str, *args: Any, **query: Any) -> str:
    response = console.get(reverse(f"admin:{view}", args=args), query)
    assert response.status_code == 200
    return response.content.decode()


def post(console: Client, view: str, *args: Any, **fields: Any) -> str:
    response = console.post(reverse(f"admin:{view}", args=args), fields, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def board(console: Client, **query: Any) -> str:
    return page(console, "onboarding_onboarding_board", **query)


def test_the_board_shows_who_is_stuck_why_and_how_far_the_intervention_is(console: Client) -> None:
    onboarding = make_onboarding(days_ago=9)
    make_reached(onboarding.customer, "account_provisioned", "first_login", at=NOW - timedelta(days=8))
    make_stuck(onboarding, because="First agent created: expected by 27 June, and not reached 2 days later.")
    Playbook.objects.filter(key="stuck_in_onboarding").delete()
    steps = (tag_step("nudge"), manual_step("call", title="Call them"), tag_step("escalate", day=4))
    intervention = make_playbook(*steps, key="stuck_in_onboarding", trigger=BY_HAND)
    playbooks.start_run(onboarding.customer, intervention, now=NOW, why="Stuck.")
    work_off_due(now=NOW)

    text = words(board(console))

    assert "1 customer is stuck" in text
    assert "First agent created: expected by 27 June, and not reached 2 days later." in text
    assert "2 of 6" in text
    assert "Day 10 · 8 days at this stage" in text
    assert "Step 2 of 3: Call them (with a person)" in text


def test_an_earlier_periods_intervention_is_not_this_ones(console: Client) -> None:
    onboarding = make_onboarding(days_ago=20)
    Playbook.objects.filter(key="stuck_in_onboarding").delete()
    intervention = make_playbook(tag_step("nudge"), key="stuck_in_onboarding", now=NOW - timedelta(days=10))
    playbooks.start_run(onboarding.customer, intervention, now=NOW - timedelta(days=9), why="Stuck.")
    work_off_due(now=NOW - timedelta(days=9))
    make_stuck(onboarding, since=NOW - timedelta(days=1))

    assert "No intervention has begun." in board(console)


def test_the_board_opens_on_ones_own_customers_and_says_whose_it_shows(console: Client, manager: Any) -> None:
    make_onboarding(make_customer(name="Mine Ltd", success_manager=manager))
    make_onboarding(make_customer(name="Theirs Ltd"))

    own, everybodys = board(console), board(console, whose="all")

    assert "Mine Ltd" in own
    assert "Theirs Ltd" not in own
    assert "Theirs Ltd" in everybodys


def test_the_board_is_filtered_by_tier_and_stuck_and_takes_no_nonsense(console: Client) -> None:
    make_onboarding(make_customer(name="Small Ltd", tier="free"))
    make_stuck(make_onboarding(make_customer(name="Stuck Ltd", tier="pro")))

    by_tier, by_stuck = board(console, tier="free"), board(console, stuck="1")
    nonsense = board(console, whose="x' OR 1=1", tier="golden", stuck="maybe")

    assert ("Small Ltd" in by_tier, "Stuck Ltd" in by_tier) == (True, False)
    assert ("Small Ltd" in by_stuck, "Stuck Ltd" in by_stuck) == (False, True)
    assert ("Small Ltd" in nonsense, "Stuck Ltd" in nonsense) == (True, True)


def test_a_long_column_leads_to_the_list_of_its_stage(console: Client) -> None:
    for number in range(23):
        make_onboarding(make_customer(name=f"Customer No{number}"))
    make_reached(make_onboarding(make_customer(name="Further Ltd")).customer, "account_provisioned")

    html = board(console)
    listed = page(console, "onboarding_onboarding_changelist", which="running", stage="account")

    assert "3 more" in html
    assert "?which=running&amp;stage=account" in html
    assert listed.count("Customer No") == 23
    assert "Further Ltd" not in listed


def test_an_empty_board_says_what_fills_it(console: Client) -> None:
    assert "begins by itself when a customer signs up" in board(console)
    assert "No onboarding fits these filters" in board(console, tier="pro")


def test_the_sidebar_counts_who_is_stuck(console: Client) -> None:
    make_stuck(make_onboarding())
    over = make_stuck(make_onboarding())
    over.ended_at, over.ended_because = NOW, "It went on."
    over.save()

    html = console.get("/admin/").content.decode()

    entry = html[html.index("/onboarding/onboarding/board/") :][:1500]
    assert re.search(r">\s*1\s*<", entry)


@pytest.mark.parametrize("number", [1, 25])
def test_the_board_costs_the_same_however_many_are_under_way(
    console: Client, number: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _each in range(number):
        make_stuck(make_onboarding(days_ago=4))

    with django_assert_max_num_queries(16):  # 8 for the board, the rest for the frame around it
        board(console, whose="all")


def test_the_list_costs_the_same_however_many_there_are(
    console: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _each in range(12):
        make_stuck(make_onboarding(days_ago=4))

    with django_assert_max_num_queries(18):
        page(console, "onboarding_onboarding_changelist", which="stuck")


# -- one onboarding ---------------------------------------------------------------------------


def test_an_onboardings_page_tells_the_checklist_with_evidence_and_expected_days(console: Client) -> None:
    onboarding = make_onboarding(days_ago=6)
    make_reached(onboarding.customer, "first_login", at=NOW - timedelta(days=5), detail="A login on 2026-06-26.")
    make_reached(onboarding.customer, "training_completed")
    make_stuck(onboarding, "account_provisioned", because="Account is set up: expected by 26 June.")

    text = words(page(console, "onboarding_onboarding_change", onboarding.pk))

    assert "1 of 6 required" in text
    assert "Usage : A login on 2026-06-26." in text.replace("Usage:", "Usage :")
    assert "Account is set up blocker was expected" in text
    assert "Plan agreed no day expected · ticked off by a person" in text
    assert "1 more milestone reached, which the checklist does not ask for" in text
    assert "Where it got stuck Account is set up: expected by 26 June." in text


def tick(console: Client, onboarding: Onboarding, key: str, **fields: Any) -> str:
    return post(console, "onboarding_onboarding_reach", onboarding.pk, key, **fields)


def test_an_item_is_ticked_off_with_one_click_and_the_checklist_comes_back(console: Client, manager: Any) -> None:
    onboarding = make_onboarding(days_ago=6)

    text = words(tick(console, onboarding, "own_plan"))

    milestone = Milestone.objects.get(customer=onboarding.customer)
    assert (milestone.key, milestone.source, milestone.reached_at) == ("own_plan", "hand", NOW)
    assert milestone.noted_by == manager
    assert "1 of 6 required" in text
    assert "Take back" in text


def test_what_was_reached_earlier_is_ticked_off_on_its_day(console: Client) -> None:
    onboarding = make_onboarding(days_ago=6)

    tick(console, onboarding, "own_plan", on="2026-06-28", detail="They told me.")

    milestone = Milestone.objects.get(customer=onboarding.customer)
    assert (milestone.reached_at.isoformat(), milestone.detail) == ("2026-06-29T00:00:00+00:00", "They told me.")


@pytest.mark.parametrize(
    ("key", "fields", "why"),
    [
        ("own_plan", {"on": "2026-13-01"}, "2026-13-01 is no day"),
        ("own_plan", {"on": "2026-05-01"}, "is not between signup and now"),
        ("nonsense", {}, "no milestone"),
    ],
)
def test_what_cannot_be_ticked_off_says_why(console: Client, key: str, fields: dict[str, str], why: str) -> None:
    onboarding = make_onboarding(days_ago=6)

    text = tick(console, onboarding, key, **fields)

    assert why in text
    assert not Milestone.objects.filter(customer=onboarding.customer).exists()


def test_a_mistake_is_taken_back_with_a_reason_that_stands_on_the_timeline(console: Client) -> None:
    onboarding = make_onboarding(days_ago=6)
    tick(console, onboarding, "own_plan")

    post(console, "onboarding_onboarding_take_back", onboarding.pk, "own_plan", reason="Wrong customer.")

    assert not Milestone.objects.filter(customer=onboarding.customer).exists()
    told = Event.objects.get(customer=onboarding.customer, trigger="onboarding.milestone_taken_back")
    assert told.data["why"] == "Wrong customer."


def test_what_rests_on_evidence_is_not_taken_back(console: Client) -> None:
    onboarding = make_onboarding(days_ago=6)
    make_reached(onboarding.customer, "first_login")

    text = post(console, "onboarding_onboarding_take_back", onboarding.pk, "first_login", reason="No.")

    assert "Only what was ticked by hand can be taken back" in text
    assert Milestone.objects.filter(customer=onboarding.customer).exists()


def test_the_review_completes_the_onboarding_and_moves_the_customer_on(console: Client, manager: Any) -> None:
    onboarding = make_onboarding(days_ago=14)

    text = words(post(console, "onboarding_onboarding_complete", onboarding.pk, reason="They can go on alone."))

    onboarding.refresh_from_db()
    assert (onboarding.state, onboarding.ended_by) == ("completed", manager)
    assert Customer.objects.get(pk=onboarding.customer_id).lifecycle_stage == "adoption"
    assert "They can go on alone." in text


def test_a_review_without_a_word_completes_nothing(console: Client) -> None:
    onboarding = make_onboarding(days_ago=14)

    text = post(console, "onboarding_onboarding_complete", onboarding.pk, reason=" ")

    onboarding.refresh_from_db()
    assert "Say in a sentence why" in text
    assert onboarding.state == "running"


@pytest.mark.parametrize("group", ["Viewer", "Support agent"])
def test_who_only_reads_ticks_nothing_off(group: str) -> None:
    reader, onboarding = Client(), make_onboarding()
    reader.force_login(make_member(group))

    answers = [
        reader.post(reverse("admin:onboarding_onboarding_reach", args=(onboarding.pk, "own_plan"))),
        reader.post(reverse("admin:onboarding_onboarding_complete", args=(onboarding.pk,)), {"reason": "x"}),
    ]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert "hx-post" not in page(reader, "onboarding_onboarding_change", onboarding.pk)


def test_a_customers_page_shows_its_latest_onboarding(console: Client) -> None:
    onboarding = make_onboarding(days_ago=6)
    completed = make_onboarding(state="completed", ended_at=NOW, ended_because="All reached.")
    without = make_customer(lifecycle_stage="adoption")

    panels = [
        console.get(reverse("admin:panel", args=("onboarding.checklist", pk))).content.decode()
        for pk in (onboarding.customer_id, completed.customer_id, without.pk)
    ]

    assert "0 of 6" in panels[0]
    assert "All reached." in panels[1]
    assert panels[2] == ""


def test_who_is_in_the_stage_without_an_onboarding_is_begun_by_hand(console: Client) -> None:
    customer = make_customer()
    panel = console.get(reverse("admin:panel", args=("onboarding.checklist", customer.pk))).content.decode()

    begun = post(console, "onboarding_onboarding_begin", customer.pk)
    again = post(console, "onboarding_onboarding_begin", customer.pk)

    assert "Begin onboarding" in panel
    assert "Onboarding of" in begun
    assert "its onboarding runs already" in again
    assert Onboarding.objects.filter(customer=customer).count() == 1


# -- account set-up and the platform's webhooks ------------------------------------------------


def test_a_step_of_set_up_is_done_by_hand_from_the_onboardings_page(console: Client) -> None:
    onboarding = make_onboarding()
    step = make_step(onboarding.customer, "configuration", state="with_person", last_error="404: no such blueprint")

    before = words(page(console, "onboarding_onboarding_change", onboarding.pk))
    post(console, "onboarding_provisioningstep_act", step.pk, "done")

    step.refresh_from_db()
    assert "404: no such blueprint" in before
    assert step.state == "done"


def test_a_step_is_not_needed_only_with_a_reason_and_tried_again_at_once(console: Client) -> None:
    onboarding = make_onboarding()
    first = make_step(onboarding.customer, "agent", state="with_person")
    second = make_step(onboarding.customer, "knowledge_base", not_before=NOW + timedelta(days=1))

    post(console, "onboarding_provisioningstep_act", first.pk, "not-needed", reason="They brought their own.")
    post(console, "onboarding_provisioningstep_act", second.pk, "retry")

    states = dict(ProvisioningStep.objects.values_list("kind", "state"))
    second.refresh_from_db()
    assert states == {"agent": "not_needed", "knowledge_base": "waiting"}
    assert second.not_before == NOW


def test_a_stranger_is_named_and_then_known_to_the_platform(console: Client) -> None:
    customer = make_customer(name="Quiet Harbour", external_id=None)
    known = make_customer(name="Quiet Street")
    delivery = make_delivery(tenant_id="t-77")

    found = page(console, "onboarding_platformdelivery_change", delivery.pk, who="quiet")
    post(console, "onboarding_platformdelivery_name", delivery.pk, customer=customer.pk)
    refused = post(console, "onboarding_platformdelivery_name", delivery.pk, customer=known.pk)

    customer.refresh_from_db()
    assert ("Quiet Harbour" in found, "Quiet Street" in found) == (True, False)
    assert customer.external_id == "t-77"
    assert f"Quiet Street is known on the platform as {known.external_id} already." in refused


def test_a_strange_user_is_named_by_the_contact(console: Client) -> None:
    contact = make_contact(make_customer(name="Quiet Harbour"))
    delivery = make_delivery(user_id="u-5")

    found = page(console, "onboarding_platformdelivery_change", delivery.pk, who="harbour")
    post(console, "onboarding_platformdelivery_name", delivery.pk, contact=contact.pk)

    contact.refresh_from_db()
    assert contact.email in found
    assert contact.platform_user_id == "u-5"


def test_the_webhooks_list_opens_on_strangers_where_there_are_any(console: Client) -> None:
    customer = make_customer()
    make_delivery(event="agent.updated", state="applied", customer=customer, applied_at=NOW)
    everything = page(console, "onboarding_platformdelivery_changelist")
    make_delivery(event="error.occurred", tenant_id="t-9")

    strangers = page(console, "onboarding_platformdelivery_changelist")

    assert 'af-name">agent.updated' in everything
    assert 'af-name">error.occurred' in strangers
    assert 'af-name">agent.updated' not in strangers
    assert PlatformDelivery.objects.count() == 2


# -- how it goes ------------------------------------------------------------------------------


def test_the_figures_stand_with_their_definitions_and_cohorts(console: Client) -> None:
    for days in (2, 4):
        onboarding = make_onboarding(days_ago=20)
        make_reached(onboarding.customer, "first_agent", at=onboarding.started_at + timedelta(days=days))
    make_onboarding(days_ago=20, state="completed", ended_at=NOW, ended_because="All reached.")

    text = words(page(console, "onboarding_onboarding_figures", days=28))

    assert "Time to first value, mean 3.0 days signup → first agent, of the 2 customers" in text
    assert "33.3 % 1 completed of 3 begun in the period" in text
    assert "Jun 2026 3" in text


def test_the_figures_of_nobody_say_so(console: Client) -> None:
    text = words(page(console, "onboarding_onboarding_figures", by="week"))

    assert "No customer created its first agent in this period" in text
    assert "Nobody signed up in this period" in text


def card(console: Client, key: str, **query: Any) -> str:
    return words(console.get(reverse("admin:card", args=(key,)), query).content.decode())


def test_the_dashboard_shows_the_funnel_and_who_is_stuck(console: Client) -> None:
    onboarding = make_onboarding(make_customer(name="Stuck Ltd", tier="pro"), days_ago=3)
    make_reached(onboarding.customer, "account_provisioned")
    make_stuck(onboarding, because="First login is late.")

    funnel, stuck, others = (
        card(console, "onboarding.funnel"),
        card(console, "onboarding.stuck"),
        card(console, "onboarding.stuck", tier="free"),
    )

    assert "Begun 1 Account provisioned 1 First login 0" in funnel
    assert "Stuck Ltd Pro First login is late." in stuck
    assert "Nobody is stuck" in others
