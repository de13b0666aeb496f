"""Playbooks over REST."""

from typing import Any

import pytest

from agentfactory_cs.customers.tests.clients import ApiClient, errors_of
from agentfactory_cs.customers.tests.factories import NOW, make_customer
from playbooks import services
from playbooks.working import work_off_due

from .factories import make_playbook, manual_step, tag_step


def test_playbooks_are_listed_with_the_version_in_force(api: ApiClient) -> None:
    make_playbook(tag_step(), key="rescue")

    listed = {row["key"]: row for row in api.get("playbooks/").json()["results"]}
    one = api.get("playbooks/rescue/").json()

    assert (one["state"], one["version"], one["definition"]["steps"][0]["key"]) == ("active", 1, "tag")
    assert (listed["welcome"]["state"], listed["welcome"]["version"]) == ("draft", None)


def test_a_customer_is_let_in_by_its_outside_id_and_its_run_read_with_steps(api: ApiClient) -> None:
    make_playbook(tag_step(), manual_step(), key="rescue")
    customer = make_customer(external_id="t-1")

    created = api.post("playbook-runs/", {"customer_external_id": "t-1", "playbook": "rescue", "why": "They asked."})
    work_off_due(now=NOW)
    read = api.get(created["Location"]).json()

    assert created.status_code == 201
    assert (read["customer"], read["playbook"], read["entered_because"]) == (customer.pk, "rescue", "They asked.")
    assert [(step["key"], step["state"]) for step in read["steps"]] == [("tag", "done"), ("call", "with_person")]


BAD: list[tuple[dict[str, Any], int, dict[str | None, str]]] = [
    ({"playbook": "nonsense"}, 400, {"playbook": "does_not_exist"}),
    ({"why": ""}, 400, {"why": "blank"}),
    ({"wy": "x"}, 400, {"wy": "invalid"}),
    ({"customer": 10**9}, 400, {"customer": "does_not_exist"}),
    ({"playbook": "sleeping"}, 409, {"playbook": "conflict"}),
]


@pytest.mark.parametrize(("wrong", "status", "errors"), BAD)
def test_what_is_wrong_is_named(
    api: ApiClient, wrong: dict[str, Any], status: int, errors: dict[str | None, str]
) -> None:
    make_playbook(key="rescue")
    make_playbook(key="sleeping", active=False)
    body = {"customer": make_customer().pk, "playbook": "rescue", "why": "They asked.", **wrong}

    answer = api.post("playbook-runs/", body)

    assert (answer.status_code, errors_of(answer)) == (status, errors)


def test_a_run_is_paused_resumed_and_stopped_once(api: ApiClient) -> None:
    run = services.start_run(make_customer(), make_playbook(manual_step()), now=NOW, why="For a test.")

    answers = [
        api.post(f"playbook-runs/{run.pk}/{verb}/", body)
        for verb, body in (
            ("pause", {"reason": "On holiday."}),
            ("pause", {"reason": "On holiday."}),
            ("resume", None),
            ("stop", {}),
            ("stop", {"reason": "Enough."}),
            ("stop", {"reason": "Enough."}),
        )
    ]

    assert [answer.status_code for answer in answers] == [200, 409, 200, 400, 200, 409]
    assert (answers[4].json()["state"], answers[4].json()["ended_because"]) == ("stopped", "Enough.")


def test_a_step_is_passed_over_and_only_a_failed_one_tried_again(api: ApiClient) -> None:
    run = services.start_run(make_customer(), make_playbook(manual_step(), tag_step()), now=NOW, why="For a test.")
    steps = f"playbook-runs/{run.pk}/steps"

    skipped = api.post(f"{steps}/call/skip/", {"reason": "We met them."})
    retried = api.post(f"{steps}/tag/retry/")
    missing = api.post(f"{steps}/nothing/skip/", {"reason": "x"})

    assert skipped.json()["steps"][0]["because"] == "We met them."
    assert (skipped.status_code, retried.status_code, missing.status_code) == (200, 409, 404)


def test_runs_are_filtered_by_customer_playbook_and_state(api: ApiClient) -> None:
    one, two = make_playbook(manual_step(), key="one"), make_playbook(manual_step(), key="two")
    customer = make_customer()
    first = services.start_run(customer, one, now=NOW, why="For a test.")
    second = services.start_run(customer, two, now=NOW, why="For a test.")
    services.stop_run(services.start_run(make_customer(), one, now=NOW, why="x"), reason="Enough.", now=NOW)

    def found(**query: Any) -> set[int]:
        return {row["id"] for row in api.get("playbook-runs/", **query).json()["results"]}

    assert found(customer=customer.pk) == {first.pk, second.pk}
    assert found(playbook="two") == {second.pk}
    assert len(found(state="stopped")) == 1


def test_a_key_that_may_only_read_starts_nothing(api: ApiClient) -> None:
    make_playbook(key="rescue")

    answer = ApiClient("read").post(
        "playbook-runs/", {"customer": make_customer().pk, "playbook": "rescue", "why": "x"}
    )

    assert answer.status_code == 403
