"""Scoring runs and incidents over REST and in the console."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from agentfactory_cs.customers.tests.clients import ApiClient, errors_of
from agentfactory_cs.customers.tests.factories import NOW, YESTERDAY, make_customer, make_member, make_usage
from health import feeds, runs
from health.models import Incident, ScoringRun

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
DAY = timedelta(days=1)
RUNS = "/admin/health/scoringrun/"


def hold_yesterday() -> ScoringRun:
    make_usage(make_customer(), until=YESTERDAY - DAY, days=20, api_calls=1)
    return feeds.start_unless_late(YESTERDAY, now=NOW - timedelta(hours=10))


class TestRest:
    def test_a_run_is_started_then_joined(self, api: ApiClient) -> None:
        make_customer()

        first, second = api.post("scoring-runs/"), api.post("scoring-runs/")

        assert (first.status_code, second.status_code) == (201, 200)
        assert first.json()["id"] == second.json()["id"]
        assert (first.json()["day"], first.json()["state"]) == (str(YESTERDAY), "queued")

    def test_a_late_day_is_held_also_where_rest_asks(self, api: ApiClient) -> None:
        make_usage(make_customer(), until=YESTERDAY - DAY, days=20, api_calls=1)

        body = api.post("scoring-runs/", {"day": str(YESTERDAY)}).json()

        assert (body["state"], body["incident"]) == ("held", Incident.objects.get().pk)

    @pytest.mark.parametrize("day", [str(NOW.date()), "2027-01-01", "1990-01-01", "yesterday"])
    def test_a_day_that_is_not_over_or_cannot_be_meant_is_refused(self, api: ApiClient, day: str) -> None:
        answer = api.post("scoring-runs/", {"day": day})

        assert answer.status_code == 400
        assert set(errors_of(answer)) == {"day"}
        assert not ScoringRun.objects.exists()

    def test_runs_are_listed_by_state_and_day(self, api: ApiClient) -> None:
        held = hold_yesterday()
        runs.start_run(YESTERDAY - DAY, now=NOW)

        by_state = api.get("scoring-runs/", state="held").json()["results"]
        by_day = api.get("scoring-runs/", day_until=str(YESTERDAY - DAY)).json()["results"]

        assert [run["id"] for run in by_state] == [held.pk]
        assert [run["day"] for run in by_day] == [str(YESTERDAY - DAY)]

    def test_an_incident_is_released_with_a_reason_once(self, api: ApiClient) -> None:
        run = hold_yesterday()
        address = f"incidents/{run.incident_id}/release/"

        without = api.post(address, {})
        released = api.post(address, {"reason": "A holiday."})
        again = api.post(address, {"reason": "A holiday."})

        assert (without.status_code, set(errors_of(without))) == (400, {"reason"})
        assert (released.status_code, released.json()["outcome"]) == (200, "released")
        assert again.status_code == 409
        run.refresh_from_db()
        assert run.state == "queued"

    def test_open_incidents_are_found(self, api: ApiClient) -> None:
        hold_yesterday()

        assert len(api.get("incidents/", is_open="true").json()["results"]) == 1
        assert api.get("incidents/", is_open="false").json()["results"] == []

    def test_a_key_to_read_with_releases_nothing(self) -> None:
        run = hold_yesterday()

        answer = ApiClient("read").post(f"incidents/{run.incident_id}/release/", {"reason": "A holiday."})

        assert answer.status_code == 403
        assert Incident.objects.get().closed_at is None

    @pytest.mark.parametrize(("group", "status"), [("CS manager", 200), ("CSM", 403)])
    def test_staff_release_by_their_permission(self, client: Client, group: str, status: int) -> None:
        run = hold_yesterday()
        client.force_login(make_member(group))

        answer = client.post(
            f"/api/v1/incidents/{run.incident_id}/release/", {"reason": "A holiday."}, "application/json"
        )

        assert answer.status_code == status


class TestConsole:
    def test_a_held_run_says_why_and_leads_to_its_incident(self, console: Client) -> None:
        run = hold_yesterday()

        listed = console.get(RUNS).content.decode()
        page = console.get(f"{RUNS}{run.pk}/change/").content.decode()

        for html in (listed, page):
            assert "has come for 0 of the 1 customers" in html
            assert f"/admin/health/incident/{run.incident_id}/change/" in html

    def test_a_run_that_is_done_says_what_came_of_its_alerts(self, console: Client) -> None:
        make_customer()
        run = runs.start_run(YESTERDAY, now=NOW)
        runs.work_off(run, clock=lambda: NOW)

        assert "Alerts: judged" in console.get(RUNS).content.decode()

    def test_an_incident_shows_its_figures_and_what_it_holds(self, console: Client) -> None:
        run = hold_yesterday()

        page = console.get(f"/admin/health/incident/{run.incident_id}/change/").content.decode()

        assert "June 23, 2026" in page
        assert f"/admin/health/scoringrun/{run.pk}/change/" in page
        assert "How it ended" not in page

    @pytest.mark.parametrize("address", [RUNS, "/admin/health/incident/"])
    def test_a_list_takes_the_same_queries_whatever_its_length(self, console: Client, address: str) -> None:
        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                assert console.get(address).status_code == 200
            return len(captured)

        hold_yesterday()
        queries()  # what the console keeps between requests is in place
        few = queries()
        for back in range(1, 12):
            incident = Incident.objects.create(
                kind="late_feed",
                source="usage",
                day=YESTERDAY - back * DAY,
                opened_at=NOW,
                closed_at=NOW,
                outcome="recovered",
            )
            ScoringRun.objects.create(
                day=YESTERDAY - back * DAY, state="done", finished_at=NOW, created_at=NOW, incident=incident
            )

        assert queries() == few
