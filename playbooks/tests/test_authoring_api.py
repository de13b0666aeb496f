"""Writing playbooks over REST: new ones, settings, states, drafts, publication, and the catalogues to build with."""

from typing import Any

import pytest
from django.test import Client

from agentfactory_cs.customers.conditions import Condition, facts
from agentfactory_cs.customers.tests.clients import ApiClient, errors_of
from agentfactory_cs.customers.tests.factories import NOW, make_member
from playbooks import services
from playbooks.checking import check
from playbooks.models import Playbook

from .factories import make_playbook, manual_step, tag_step

pytestmark = pytest.mark.django_db
BY_HAND = {"kind": "manual"}


def definition(*steps: dict[str, Any]) -> dict[str, Any]:
    return {"trigger": BY_HAND, "steps": list(steps) or [tag_step()]}


def start(api: ApiClient, playbook: Playbook, **body: Any) -> dict[str, Any]:
    response = api.post("playbook-versions/", {"playbook": playbook.key, **body})
    assert response.status_code == 201, response.content
    return response.json()


def test_a_playbook_is_made_written_published_and_activated(api: ApiClient) -> None:
    made = api.post("playbooks/", {"name": "Say hello", "cool_down_days": 7})
    draft = api.post("playbook-versions/", {"playbook": "say_hello", "definition": definition()}).json()
    published = api.post(f"playbook-versions/{draft['id']}/publish/", {"reason": "It fits.", "revision": 1})
    active = api.post("playbooks/say_hello/activate/")

    assert (made.status_code, made.json()["state"]) == (201, "draft")
    assert made["Location"].endswith("/api/v1/playbooks/say_hello/")
    assert draft["problems"] == []
    assert (published.status_code, published.json()["number"], published.json()["reason"]) == (200, 1, "It fits.")
    assert (active.json()["state"], active.json()["version"]) == ("active", 1)
    assert active.json()["definition"] == definition()


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"name": "required"}),
        ({"name": "x", "holdout_percent": 51}, {"holdout_percent": "max_value"}),
        ({"name": "x", "key": "Not a key"}, {"key": "invalid"}),
        ({"name": "x", "key": "welcome"}, {"key": "unique"}),
        ({"name": "x", "colour": "red"}, {"colour": "invalid"}),
    ],
)
def test_a_playbook_that_cannot_be_is_refused_by_its_field(
    api: ApiClient, body: dict[str, Any], errors: dict[str, str]
) -> None:
    before = Playbook.objects.count()

    response = api.post("playbooks/", body)

    assert response.status_code in (400, 409)
    assert errors_of(response) == errors
    assert Playbook.objects.count() == before


def test_settings_are_changed_one_by_one_and_the_key_and_state_never(api: ApiClient) -> None:
    make_playbook(key="kept", priority=3)

    changed = api.patch("playbooks/kept/", {"holdout_percent": 10})
    renamed = api.patch("playbooks/kept/", {"key": "other"})
    stated = api.patch("playbooks/kept/", {"state": "retired"})

    assert (changed.json()["holdout_percent"], changed.json()["priority"]) == (10, 3)
    assert errors_of(renamed) == {"key": "invalid"}
    assert stated.json()["state"] == "active"


def test_states_follow_the_table_of_transitions_and_anything_else_is_a_conflict(api: ApiClient) -> None:
    verbs = {"activate": "active", "pause": "paused", "retire": "retired"}

    for before, may_follow in Playbook.TRANSITIONS.items():
        for verb, after in verbs.items():
            playbook = make_playbook()
            Playbook.objects.filter(pk=playbook.pk).update(state=before)
            response = api.post(f"playbooks/{playbook.key}/{verb}/")
            assert response.status_code == (200 if after in may_follow else 409), (before, verb)


def test_nothing_published_is_nothing_to_activate(api: ApiClient) -> None:
    assert api.post("playbooks/welcome/activate/").status_code == 409


def test_a_draft_begins_with_what_is_in_force_and_there_is_one_at_a_time(api: ApiClient) -> None:
    playbook = make_playbook(manual_step())

    draft = start(api, playbook)
    again = api.post("playbook-versions/", {"playbook": playbook.key})

    assert (draft["definition"], draft["revision"], draft["state"]) == (definition(manual_step()), 1, "draft")
    assert (again.status_code, errors_of(again)) == (409, {"playbook": "conflict"})


def test_a_draft_of_nothing_needs_a_definition(api: ApiClient) -> None:
    Playbook.objects.create(key="empty", name="Empty", created_at=NOW)

    response = api.post("playbook-versions/", {"playbook": "empty"})

    assert (response.status_code, errors_of(response)) == (400, {"definition": "invalid"})


def test_a_draft_is_changed_by_who_has_read_it_and_by_nobody_else(api: ApiClient) -> None:
    draft = start(api, make_playbook())
    address = f"playbook-versions/{draft['id']}/"

    blind = api.patch(address, {"definition": definition(manual_step())})
    changed = api.patch(address, {"definition": definition(manual_step()), "revision": 1})
    late = api.patch(address, {"definition": definition(tag_step("late")), "revision": 1})

    assert errors_of(blind) == {"revision": "invalid"}
    assert (changed.status_code, changed.json()["revision"]) == (200, 2)
    assert (late.status_code, errors_of(late)) == (409, {"revision": "conflict"})
    assert api.get(address).json()["definition"] == definition(manual_step())


def test_a_draft_may_be_half_done_says_what_is_missing_and_is_not_published_so(api: ApiClient) -> None:
    broken = definition(tag_step(action="tests.nothing"), tag_step("other", params={"colour": "red"}))
    draft = start(api, make_playbook(), definition=broken)

    refused = api.post(f"playbook-versions/{draft['id']}/publish/", {"reason": "It fits."})

    assert [problem["place"] for problem in draft["problems"]] == [
        "steps.0.action",
        "steps.1.params.colour",
        "steps.1.params.tag",
    ]
    assert refused.status_code == 400
    assert "steps.0.action: there is no action 'tests.nothing'." in refused.content.decode()


@pytest.mark.parametrize("given", [{}, {"trigger": BY_HAND, "steps": []}, {"colour": "red"}, [], "words", None])
def test_what_does_not_parse_is_not_stored(api: ApiClient, given: Any) -> None:
    playbook = Playbook.objects.create(key="empty", name="Empty", created_at=NOW)

    response = api.post("playbook-versions/", {"playbook": "empty", "definition": given})

    assert (response.status_code, set(errors_of(response))) == (400, {"definition"})
    assert services.draft_of(playbook) is None


def test_what_is_published_is_neither_changed_nor_discarded_nor_published_again(api: ApiClient) -> None:
    version = make_playbook().versions.get()
    address = f"playbook-versions/{version.pk}/"

    answers = [
        api.patch(address, {"definition": definition(manual_step()), "revision": 1}),
        api.delete(address),
        api.post(f"{address}publish/", {"reason": "Again."}),
    ]

    assert [answer.status_code for answer in answers] == [409, 409, 409]
    version.refresh_from_db()
    assert version.reason == "For a test."


def test_a_draft_saved_since_it_was_read_is_not_published(api: ApiClient) -> None:
    draft = start(api, make_playbook(), definition=definition(manual_step()))
    api.patch(f"playbook-versions/{draft['id']}/", {"definition": definition(tag_step("other")), "revision": 1})

    response = api.post(f"playbook-versions/{draft['id']}/publish/", {"reason": "Read.", "revision": 1})

    assert (response.status_code, errors_of(response)) == (409, {"revision": "conflict"})


def test_a_draft_is_discarded(api: ApiClient) -> None:
    playbook = make_playbook()
    draft = start(api, playbook)

    assert api.delete(f"playbook-versions/{draft['id']}/").status_code == 204
    assert services.draft_of(playbook) is None


def test_versions_are_compared_in_sentences(api: ApiClient) -> None:
    playbook = make_playbook(manual_step(), name="Rescue")
    draft = start(api, playbook, definition=definition(manual_step(day=2), tag_step()))

    told = api.get(f"playbook-versions/{draft['id']}/diff/").json()
    same = api.get(f"playbook-versions/{draft['id']}/diff/", against=draft["id"]).json()

    assert told == {
        "before": "Rescue v1",
        "after": "Rescue, draft",
        "differences": ["“Call” is on day 2 instead of on day 0", "New: “Tag” on day 0: Add a tag: tag"],
    }
    assert same["differences"] == []


def test_what_the_catalogues_offer_makes_conditions_and_steps_that_can_be_run(api: ApiClient) -> None:
    asked, actions, events = (api.get(f"{name}/").json() for name in ("facts", "actions", "triggers"))

    values: dict[str, Any] = {"number": 1, "days": 1, "words": ["x"]}
    for fact in asked:
        for operator in fact["operators"]:
            needs = operator["needs"]
            value = [fact["choices"][0]["key"]] if needs == "choices" and fact["choices"] else values.get(needs)
            if needs == "choices" and not fact["choices"]:
                value = ["x"]
            row = {"fact": fact["key"], "operator": operator["key"], **({} if needs == "nothing" else {"value": value})}
            Condition.from_data({"rows": [row]})
    assert len(asked) == len(facts)
    params = {
        action["key"]: {
            each["key"]: each["choices"][0]["key"] if each["choices"] else values.get(each["kind"], "x")
            for each in action["parameters"]
            if each["required"] and (each["choices"] is None or each["choices"])
        }
        for action in actions
    }
    check({"trigger": {"kind": "event", "event": events[0]["key"]}, "steps": [tag_step()]})
    add_tag = params["playbooks.add_tag"]
    check(definition(tag_step(params=add_tag)))
    send: dict[str, Any] = {"action": "messaging.send_mail", "params": params["messaging.send_mail"]}
    check(definition(tag_step(**send)))


def test_the_lists_have_a_fixed_number_of_queries(api: ApiClient, django_assert_max_num_queries: Any) -> None:
    for _number in range(4):
        start(api, make_playbook())

    with django_assert_max_num_queries(6):
        assert api.get("playbook-versions/", state="draft").status_code == 200
    with django_assert_max_num_queries(6):
        assert api.get("playbooks/").status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "playbook-versions/{draft}/publish/"),
        ("post", "playbooks/tried/activate/"),
        ("delete", "playbook-versions/{draft}/"),
    ],
)
def test_what_decides_for_everybody_needs_a_key_of_the_scope_admin(api: ApiClient, method: str, path: str) -> None:
    draft = start(api, make_playbook(key="tried"))

    writer = ApiClient("write")
    answer = getattr(writer, method)(path.format(draft=draft["id"]))

    assert answer.status_code == 403


def test_staff_write_over_rest_what_their_group_may(at_now: None) -> None:
    answers = {}
    for group in ("CSM", "CS manager"):
        client = Client()
        client.force_login(make_member(group))
        body = {"playbook": "welcome", "definition": definition()}
        answers[group] = [
            client.post("/api/v1/playbooks/", {"name": group}, "application/json").status_code,
            client.post("/api/v1/playbook-versions/", body, "application/json").status_code,
        ]

    assert answers == {"CSM": [403, 403], "CS manager": [201, 409]}
