"""Scorecards over REST: drafts, previews, differences, publication."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client

from agentfactory_cs.customers import services as customers
from agentfactory_cs.customers.tests.clients import ApiClient, errors_of
from agentfactory_cs.customers.tests.factories import NOW, YESTERDAY, make_customer, make_member
from health import scorecards, services
from health.definitions import checked
from health.models import Scorecard, ScorecardVersion
from health.standard import STANDARD

from .definitions import changed

STRICTER = changed(bands__at_risk_below=60)


@pytest.fixture
def api(db: None) -> Iterator[ApiClient]:
    with time_machine.travel(NOW, tick=False):
        yield ApiClient()


@pytest.fixture
def draft(api: ApiClient) -> dict[str, Any]:
    body = {"scorecard": Scorecard.objects.get().pk, "title": "Stricter", "definition": STRICTER}
    response = api.post("scorecard-versions/", body)
    assert response.status_code == 201
    return response.json()


class TestScorecards:
    def test_a_list_says_who_is_scored_by_what(self, api: ApiClient) -> None:
        made = api.post("scorecards/", {"name": "Pro", "tier": "pro", "priority": 5})

        found = api.get("scorecards/").json()["results"]

        assert made.status_code == 201
        assert [(card["name"], card["scores_tiers"]) for card in found] == [
            ("Standard", ["free", "starter", "pro", "enterprise"]),
            ("Pro", []),
        ]

    def test_a_name_that_is_taken_is_a_conflict(self, api: ApiClient) -> None:
        response = api.post("scorecards/", {"name": "Standard"})

        assert (response.status_code, errors_of(response)) == (409, {"name": "unique"})

    def test_what_would_leave_a_tier_without_one_is_refused(self, api: ApiClient) -> None:
        response = api.patch(f"scorecards/{Scorecard.objects.get().pk}/", {"tier": "pro"})

        assert (response.status_code, errors_of(response)) == (409, {"tier": "conflict"})
        assert Scorecard.objects.get().tier is None


class TestDrafts:
    def test_a_draft_names_who_saved_it_and_is_read_back(self, api: ApiClient, draft: dict[str, Any]) -> None:
        assert draft["saved_by_label"].startswith("API key ")
        assert (draft["state"], draft["number"], draft["revision"]) == ("draft", None, 0)
        assert draft["definition"] == checked(STRICTER)
        assert api.get(f"scorecard-versions/{draft['id']}/").json() == draft
        listed = api.get("scorecard-versions/", state="draft", scorecard=draft["scorecard"]).json()["results"]
        assert listed == [draft]

    def test_without_a_definition_it_is_the_one_in_force(self, api: ApiClient) -> None:
        response = api.post("scorecard-versions/", {"scorecard": Scorecard.objects.get().pk})

        assert response.json()["definition"] == checked(STANDARD)

    def test_a_change_names_the_revision_it_has_read(self, api: ApiClient, draft: dict[str, Any]) -> None:
        address = f"scorecard-versions/{draft['id']}/"

        first = api.patch(address, {"title": "Softer", "revision": 0})
        stale = api.patch(address, {"title": "Mine", "revision": 0})
        unnamed = api.patch(address, {"title": "Mine"})

        assert (first.status_code, first.json()["revision"]) == (200, 1)
        assert (stale.status_code, errors_of(stale)) == (409, {"revision": "conflict"})
        assert "saved this draft on" in stale.json()["errors"][0]["detail"]
        assert (unnamed.status_code, errors_of(unnamed)) == (400, {"revision": "invalid"})
        assert api.get(address).json()["title"] == "Softer"

    @pytest.mark.parametrize(
        ("definition", "says"),
        [
            (changed(components__usage=0.5), "components: weights"),
            (changed(limits=[{"signal": "late", "at_most": 3}]), "limits.0.signal: must be one of"),
            ([], "must be an object"),
        ],
    )
    def test_a_definition_that_cannot_be_used_is_refused_naming_the_place(
        self,
        api: ApiClient,
        definition: Any,
        says: str,
    ) -> None:
        response = api.post("scorecard-versions/", {"scorecard": Scorecard.objects.get().pk, "definition": definition})

        assert (response.status_code, errors_of(response)) == (400, {"definition": "invalid"})
        assert says in response.json()["errors"][0]["detail"]

    def test_a_discarded_draft_is_gone(self, api: ApiClient, draft: dict[str, Any]) -> None:
        assert api.delete(f"scorecard-versions/{draft['id']}/").status_code == 204
        assert api.get(f"scorecard-versions/{draft['id']}/").status_code == 404

    def test_what_is_published_is_neither_changed_nor_deleted(self, api: ApiClient) -> None:
        address = f"scorecard-versions/{ScorecardVersion.objects.get().pk}/"

        assert api.patch(address, {"definition": STRICTER, "revision": 0}).status_code == 409
        assert api.delete(address).status_code == 409


class TestPublishing:
    def test_a_draft_comes_into_force_with_its_reason(self, api: ApiClient, draft: dict[str, Any]) -> None:
        response = api.post(f"scorecard-versions/{draft['id']}/publish/", {"reason": "They left.", "revision": 0})

        assert response.status_code == 200
        body = response.json()
        assert (body["name"], body["reason"], body["published_at"]) == (
            "Standard v2",
            "They left.",
            "2026-07-01T12:00:00Z",
        )
        assert body["published_by_label"].startswith("API key ")

    def test_without_a_reason_or_of_an_old_revision_it_does_not(self, api: ApiClient, draft: dict[str, Any]) -> None:
        address = f"scorecard-versions/{draft['id']}/publish/"

        assert errors_of(api.post(address, {})) == {"reason": "required"}
        assert errors_of(api.post(address, {"reason": "Why.", "revision": 4})) == {"revision": "conflict"}

    @pytest.mark.parametrize(("group", "status"), [("CS manager", 200), ("CSM", 403), ("Viewer", 403)])
    def test_managers_publish(self, draft: dict[str, Any], group: str, status: int) -> None:
        client = Client(enforce_csrf_checks=False)
        client.force_login(make_member(group))

        response = client.post(
            f"/api/v1/scorecard-versions/{draft['id']}/publish/", {"reason": "Why."}, content_type="application/json"
        )

        assert response.status_code == status


class TestPreview:
    def test_it_tells_who_would_change_band_and_stores_nothing(self, api: ApiClient, draft: dict[str, Any]) -> None:
        customer = make_customer()
        customers.estimate_renewal(customer, likelihood=55, on=YESTERDAY, now=NOW)
        services.score_customer(customer.pk, now=NOW)

        body = api.post(f"scorecard-versions/{draft['id']}/preview/").json()
        other = api.post(f"scorecard-versions/{draft['id']}/preview/", {"definition": STANDARD}).json()

        assert body["moves"] == [{"before": "steady", "after": "at_risk", "customers": 1}]
        assert [(row["customer"], row["before"], row["after"]) for row in body["changed"]] == [(customer.pk, 55, 55)]
        assert other["moves"] == []
        assert api.get(f"scorecard-versions/{draft['id']}/").json() == draft

    def test_before_the_first_score_it_is_empty(self, api: ApiClient, draft: dict[str, Any]) -> None:
        body = api.post(f"scorecard-versions/{draft['id']}/preview/").json()

        assert (body["day"], body["customers"], body["changed"]) == (None, 0, [])

    def test_a_bad_definition_is_refused(self, api: ApiClient, draft: dict[str, Any]) -> None:
        response = api.post(f"scorecard-versions/{draft['id']}/preview/", {"definition": {}})

        assert (response.status_code, errors_of(response)) == (400, {"definition": "invalid"})


class TestDifferences:
    def test_against_the_version_in_force_or_any_other(self, api: ApiClient, draft: dict[str, Any]) -> None:
        address = f"scorecard-versions/{draft['id']}/diff/"

        in_force = api.get(address).json()
        itself = api.get(address, against=draft["id"]).json()

        assert in_force["differences"] == ["At risk begins below 60 instead of 50"]
        assert (in_force["before"], in_force["after"]) == ("Standard v1", "Standard, draft Stricter")
        assert itself["differences"] == []

    def test_with_nothing_in_force_it_asks_for_one(self, api: ApiClient) -> None:
        card = scorecards.create_scorecard(name="Pro", now=NOW)
        draft = scorecards.start_draft(card, now=NOW)

        response = api.get(f"scorecard-versions/{draft.pk}/diff/")

        assert (response.status_code, errors_of(response)) == (400, {"against": "invalid"})

    @pytest.mark.parametrize(("against", "status"), [("x", 400), ("9999999", 404)])
    def test_an_unknown_other_is_refused(
        self,
        api: ApiClient,
        draft: dict[str, Any],
        against: str,
        status: int,
    ) -> None:
        assert api.get(f"scorecard-versions/{draft['id']}/diff/", against=against).status_code == status
