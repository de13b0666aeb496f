"""Routing and the desk over REST."""

from typing import Any

import pytest

from agentfactory_cs.customers.tests.clients import ApiClient, errors_of
from support.models import Agent
from support.routing import versions

from .desks import area, ask, make_agent, make_tickets

pytestmark = pytest.mark.django_db
CHANGED = {"rules": [*versions.shipped()["rules"], {"name": "All to billing", "team": "billing"}]}


def saved(api: ApiClient, **more: Any) -> Any:
    return api.put("support/routing/draft/", {"definition": CHANGED, "revision": 0, **more})


def test_teams_and_agents_are_read(api: ApiClient) -> None:
    agent = make_agent("general", languages="de en", username="lena")
    make_tickets(2, assignee=agent.user, status="open")

    teams = api.get("support/teams/").json()["results"]
    agents = api.get("support/agents/", team="general").json()["results"]

    assert {one["key"]: one["agents"] for one in teams}["general"] == ["lena"]
    assert [(one["username"], one["open_tickets"], one["languages"]) for one in agents] == [("lena", 2, ["de", "en"])]


@pytest.mark.parametrize(("verb", "is_present"), [("present", True), ("absent", False)])
def test_an_agent_says_whether_they_take_tickets(api: ApiClient, verb: str, is_present: bool) -> None:
    agent = make_agent("general", is_present=not is_present)

    response = api.post(f"support/agents/{agent.pk}/{verb}/")

    assert response.json()["is_present"] is is_present
    assert Agent.objects.get(pk=agent.pk).is_present is is_present


class TestRules:
    def test_a_draft_is_written_played_back_and_published(self, api: ApiClient) -> None:
        ask(area=area("api"))

        draft = saved(api).json()
        current = api.get("support/routing/current/").json()
        played = api.get("support/routing/replay/").json()
        published = api.post("support/routing/publish/", {"reason": "As agreed.", "revision": draft["revision"]}).json()

        assert (current["in_force"]["number"], current["draft"]["definition"]) == (1, CHANGED)
        assert (played["tickets"], played["elsewhere"]) == (1, 1)
        assert played["flows"] == [{"was": "API support", "becomes": "Billing", "tickets": 1}]
        assert (published["number"], published["state"]) == (2, "published")

    def test_what_cannot_be_read_is_refused_with_its_place(self, api: ApiClient) -> None:
        response = saved(api, definition={"rules": [{"name": "A", "team": "moon"}]})

        assert response.status_code == 400
        assert "rules.0.team: there is no team at work moon" in response.json()["errors"][0]["detail"]

    @pytest.mark.parametrize(
        ("method", "path", "body", "status"),
        [
            ("put", "draft/", {"definition": CHANGED, "revision": 3}, 409),
            ("put", "draft/", {"definition": CHANGED}, 400),
            ("put", "draft/", {"definition": "x", "revision": 0}, 400),
            ("post", "publish/", {"reason": "Why.", "revision": 1}, 409),
            ("get", "replay/", None, 404),
        ],
    )
    def test_what_stands_against_it_is_said(
        self, api: ApiClient, method: str, path: str, body: Any, status: int
    ) -> None:
        call = getattr(api, method)

        response = call(f"support/routing/{path}", body) if body else call(f"support/routing/{path}")

        assert response.status_code == status

    def test_a_draft_is_reset_and_discarded(self, api: ApiClient) -> None:
        saved(api)

        assert api.post("support/routing/reset/").json()["definition"] == versions.shipped()
        assert api.delete("support/routing/draft/").status_code == 204
        assert api.delete("support/routing/draft/").status_code == 409

    @pytest.mark.parametrize(
        ("scope", "path", "status"),
        [("read", "draft/", 403), ("write", "draft/", 200), ("write", "publish/", 403), ("admin", "publish/", 409)],
    )
    def test_what_decides_for_everybody_needs_the_scope_admin(
        self, scope: str, path: str, status: int, at_now: None
    ) -> None:
        api = ApiClient(scope)

        response = (
            saved(api) if path == "draft/" else api.post(f"support/routing/{path}", {"reason": "Why.", "revision": 1})
        )

        assert response.status_code == status


class TestTrying:
    def test_it_says_what_would_happen(self, api: ApiClient) -> None:
        make_agent("enterprise", languages="fr", first_name="Pierre")
        told = {"area": "api", "severity": "critical", "tier": "enterprise", "language": "fr"}

        response = api.post("support/routing/test/", told).json()

        assert (response["team"], response["assignee"], response["because"]) == ("enterprise", "Pierre", "team")
        assert (response["priority"], len(response["escalations"])) == ("urgent", 1)
        assert [one["verdict"] for one in response["rules"]] == [
            "matched",
            "missed",
            "matched",
            "missed",
            "matched",
            "matched",
        ]

    def test_of_a_ticket_there_is_by_the_draft(self, api: ApiClient) -> None:
        ticket = ask(area=area("api"))
        saved(api)

        by = {
            draft: api.post("support/routing/test/", {"ticket": ticket.pk, "draft": draft}).json()["team"]
            for draft in (True, False)
        }

        assert by == {True: "billing", False: "api"}

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"area": "moon"}, "area"),
            ({"severity": "dire"}, "severity"),
            ({"ticket": 0}, "ticket"),
            ({"language": "German"}, "language"),
        ],
    )
    def test_bad_input_is_named(self, api: ApiClient, body: dict[str, Any], field: str) -> None:
        response = api.post("support/routing/test/", body)

        assert response.status_code == 400
        assert field in errors_of(response)
