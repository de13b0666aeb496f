"""Onboarding over REST."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.tests.clients import ApiClient, errors_of
from agentfactory_cs.customers.tests.factories import NOW, make_customer, make_member
from onboarding.models import Milestone, ProvisioningStep

from .factories import make_delivery, make_item, make_onboarding, make_reached, make_step, make_stuck


def ids(response: Any) -> set[int]:
    return {row["id"] for row in response.json()["results"]}


def test_an_onboarding_is_read_with_progress_next_item_blocker_and_checklist(api: ApiClient) -> None:
    onboarding = make_onboarding(days_ago=9)
    make_reached(onboarding.customer, "account_provisioned", at=NOW - timedelta(days=8), detail="Set up.")
    make_stuck(onboarding, "first_login", because="First login is late.")

    read = api.get(f"onboardings/{onboarding.pk}/").json()

    expected_at = (onboarding.started_at + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (read["state"], read["day"], read["progress"]) == ("running", 10, {"reached": 1, "required": 6})
    assert read["next_item"] == {
        "key": "first_login",
        "title": "First login",
        "expected_at": expected_at,
        "is_late": True,
    }
    assert (read["stuck"]["blocker"], read["stuck"]["because"]) == ("first_login", "First login is late.")
    assert read["stuck"]["intervention"] is None
    first, second, *_rest = read["items"]
    assert (first["key"], first["source"], first["detail"]) == ("account_provisioned", "usage", "Set up.")
    assert (second["is_blocker"], second["is_late"], second["reached_at"]) == (True, True, None)


def test_onboardings_are_filtered_by_state_stuck_tier_owner_and_customer(api: ApiClient) -> None:
    mia = make_member("CSM", "mia")
    mine = make_onboarding(make_customer(success_manager=mia))
    stuck = make_onboarding(make_customer(tier="pro"))
    make_stuck(stuck)
    over = make_onboarding(state="completed", ended_at=NOW, ended_because="All reached.")

    assert ids(api.get("onboardings/")) == {mine.pk, stuck.pk, over.pk}
    assert ids(api.get("onboardings/", state="completed")) == {over.pk}
    assert ids(api.get("onboardings/", stuck="true")) == {stuck.pk}
    assert ids(api.get("onboardings/", stuck="false")) == {mine.pk, over.pk}
    assert ids(api.get("onboardings/", tier="pro")) == {stuck.pk}
    assert ids(api.get("onboardings/", owner="mia")) == {mine.pk}
    assert ids(api.get("onboardings/", customer=over.customer_id)) == {over.pk}
    assert errors_of(api.get("onboardings/", stage="x")) == {"stage": "invalid"}


@pytest.mark.parametrize("number", [1, 8])
def test_a_list_costs_the_same_queries_however_long(
    api: ApiClient, number: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _each in range(number):
        make_stuck(make_onboarding(days_ago=4))
    api.get("onboardings/")  # what is only once: the key's last use

    with django_assert_num_queries(7):  # the key, the page, five for its lines
        api.get("onboardings/")


def test_an_item_is_ticked_off_and_the_review_completes(api: ApiClient) -> None:
    onboarding = make_onboarding(days_ago=9)
    at = (NOW - timedelta(days=3)).isoformat()

    ticked = api.post(f"onboardings/{onboarding.pk}/reach/", {"key": "own_plan", "at": at, "note": "By phone."})
    completed = api.post(f"onboardings/{onboarding.pk}/complete/", {"because": "They can go on alone."})
    again = api.post(f"onboardings/{onboarding.pk}/complete/", {"because": "Once more."})

    assert ticked.json()["progress"] == {"reached": 1, "required": 6}
    assert Milestone.objects.get(customer=onboarding.customer).reached_at == NOW - timedelta(days=3)
    assert (completed.json()["state"], completed.json()["ended_because"]) == ("completed", "They can go on alone.")
    assert Customer.objects.get(pk=onboarding.customer_id).lifecycle_stage == "adoption"
    assert again.status_code == 409
    assert completed.json()["next_item"] is None


def test_a_note_on_what_was_reached_before_is_refused_with_whom_when_and_how(api: ApiClient) -> None:
    onboarding = make_onboarding(days_ago=9)
    address = f"onboardings/{onboarding.pk}/reach/"
    first = {"key": "own_plan", "at": (NOW - timedelta(days=3)).isoformat(), "note": "By phone."}
    api.post(address, first)

    late = api.post(address, {"key": "own_plan", "note": "In the meeting."})
    twice = api.post(address, first)
    without = api.post(address, {"key": "own_plan"})
    earlier = api.post(address, {"key": "own_plan", "at": (NOW - timedelta(days=5)).isoformat(), "note": "By mail."})

    said = "It was reached before, on 2026-06-28 12:00 UTC (By hand: By phone.). Your note is not stored."
    assert (late.status_code, late.json()["errors"][0]["detail"]) == (409, said)
    assert [answer.status_code for answer in (twice, without, earlier)] == [200, 200, 200]
    milestone = Milestone.objects.get(customer=onboarding.customer, key="own_plan")
    assert (milestone.detail, milestone.reached_at) == ("By mail.", NOW - timedelta(days=5))


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"key": "required"}),
        ({"key": "nonsense"}, {"key": "invalid"}),
        ({"key": "own_plan", "at": "2027-01-01T00:00:00Z"}, {"at": "invalid"}),
        ({"key": "own_plan", "when": "now"}, {"when": "invalid"}),
    ],
)
def test_what_is_wrong_with_a_tick_is_named(
    api: ApiClient, body: dict[str, Any], errors: dict[str | None, str]
) -> None:
    onboarding = make_onboarding(days_ago=9)

    answer = api.post(f"onboardings/{onboarding.pk}/reach/", body)

    assert (answer.status_code, errors_of(answer)) == (400, errors)
    assert not Milestone.objects.exists()


def test_an_onboarding_is_begun_by_hand_once(api: ApiClient) -> None:
    customer = make_customer(external_id="t-1")

    begun = api.post("onboardings/", {"customer_external_id": "t-1"})
    again = api.post("onboardings/", {"customer_external_id": "t-1"})

    assert begun.status_code == 201
    assert (begun.json()["customer"], begun.json()["checklist"]) == (customer.pk, "starter")
    assert api.get(begun["Location"]).json()["progress"]["reached"] == 0
    assert again.status_code == 409


def test_a_milestone_is_noted_read_and_taken_back(api: ApiClient) -> None:
    customer = make_customer()

    noted = api.post("milestones/", {"customer": customer.pk, "key": "first_agent", "note": "They showed me."})
    listed = api.get("milestones/", key="first_agent", source="hand")
    gone = api.post(f"milestones/{noted.json()['id']}/take-back/", {"reason": "It was ours."})

    assert noted.status_code == 201
    assert (noted.json()["source"], noted.json()["detail"]) == ("hand", "They showed me.")
    assert ids(listed) == {noted.json()["id"]}
    assert gone.status_code == 204
    assert not Milestone.objects.exists()


def test_what_rests_on_evidence_is_not_taken_back(api: ApiClient) -> None:
    customer = make_customer()
    make_reached(customer, "first_agent")

    answer = api.post(f"milestones/{Milestone.objects.get().pk}/take-back/", {"reason": "No."})

    assert answer.status_code == 409
    assert Milestone.objects.exists()


def test_steps_of_set_up_are_listed_tried_again_and_settled(api: ApiClient) -> None:
    customer = make_customer()
    waiting = make_step(customer, "agent", not_before=NOW + timedelta(days=1))
    held = make_step(customer, "configuration", state="with_person")
    third = make_step(customer, "knowledge_base", state="with_person")

    listed = api.get("provisioning-steps/", state="with_person", customer=customer.pk)
    retried = api.post(f"provisioning-steps/{waiting.pk}/retry/")
    done = api.post(f"provisioning-steps/{held.pk}/done/", {"because": "In the console."})
    spared = api.post(f"provisioning-steps/{third.pk}/not-needed/")
    again = api.post(f"provisioning-steps/{held.pk}/done/")

    assert ids(listed) == {held.pk, third.pk}
    assert retried.json()["not_before"] == NOW.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (done.json()["state"], done.json()["because"]) == ("done", "In the console.")
    assert spared.json()["state"] == "not_needed"
    assert again.status_code == 409
    assert ProvisioningStep.objects.filter(settled_at=NOW).count() == 2


def test_the_platforms_webhooks_are_read_strangers_too(api: ApiClient) -> None:
    stranger = make_delivery(tenant_id="t-9", data={"agent_id": "a"})
    customer = make_customer()
    applied = make_delivery(state="applied", customer=customer, applied_at=NOW)

    strangers = api.get("platform-deliveries/", state="stranger").json()["results"]

    assert [(row["id"], row["customer"], row["customer_external_id"], row["data"]) for row in strangers] == [
        (stranger.pk, None, None, {"agent_id": "a"})
    ]
    assert ids(api.get("platform-deliveries/", customer=customer.pk)) == {applied.pk}


def test_a_checklist_is_changed_by_a_draft_that_is_published(api: ApiClient) -> None:
    definition = {"items": [make_item("first_agent", day=3), make_item("own_plan", "Plan agreed")]}

    saved = api.put("onboarding-checklists/pro/draft/", {"definition": definition, "revision": 0})
    lost = api.put("onboarding-checklists/pro/draft/", {"definition": definition, "revision": 0})
    stale = api.post("onboarding-checklists/pro/publish/", {"reason": "Sooner.", "revision": 0})
    published = api.post("onboarding-checklists/pro/publish/", {"reason": "Sooner.", "revision": 1})

    assert (saved.status_code, saved.json()["revision"]) == (200, 1)
    assert (lost.status_code, stale.status_code) == (409, 409)
    assert (published.json()["number"], published.json()["reason"]) == (2, "Sooner.")
    read = api.get("onboarding-checklists/pro/").json()
    assert (read["in_force"]["definition"], read["draft"]) == (definition, None)
    versions = api.get("onboarding-checklist-versions/", checklist="pro").json()["results"]
    assert sorted(row["number"] for row in versions) == [1, 2]


def test_a_draft_is_reset_to_what_was_shipped_and_discarded(api: ApiClient) -> None:
    shipped = api.get("onboarding-checklists/free/").json()["in_force"]["definition"]

    reset = api.post("onboarding-checklists/free/reset/")
    discarded = api.delete("onboarding-checklists/free/draft/")
    nothing = api.delete("onboarding-checklists/free/draft/")

    assert (reset.json()["definition"], reset.json()["is_shipped"]) == (shipped, True)
    assert (discarded.status_code, nothing.status_code) == (204, 409)


@pytest.mark.parametrize(
    ("definition", "words"),
    [
        ({}, "items"),
        ({"items": []}, "items: must be a list of 1 to 30."),
        ({"items": [{"key": "a", "title": "A", "expected_day": 0}]}, "items.0.expected_day"),
        ({"items": [{"key": "a", "title": "A", "colour": "red"}]}, "knows no colour"),
        ("nonsense", "must be an object"),
    ],
)
def test_a_bad_checklist_is_refused_naming_the_place(api: ApiClient, definition: Any, words: str) -> None:
    answer = api.put("onboarding-checklists/pro/draft/", {"definition": definition, "revision": 0})

    assert answer.status_code == 400
    assert words in answer.json()["errors"][0]["detail"]
    assert api.get("onboarding-checklists/pro/").json()["draft"] is None


@pytest.mark.parametrize("scope", ["read", "write"])
def test_publishing_needs_the_scope_admin(scope: str, api: ApiClient) -> None:
    answer = ApiClient(scope).post("onboarding-checklists/pro/publish/", {"reason": "x", "revision": 1})

    assert answer.status_code == 403
