"""Backtests in the console and over REST: who may, what is shown, what is refused."""

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks

from agentfactory_cs.customers.tests.clients import ApiClient, errors_of
from agentfactory_cs.customers.tests.factories import NOW, make_member
from health import backtesting, tasks
from health.models import Backtest, ScorecardVersion
from health.standard import STANDARD

from .books import make_book, make_draft

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]

LIST, ADD = "admin:health_backtest_changelist", "admin:health_backtest_add"
ASKED = {"version": "", "since": "", "until": "", "horizon_days": "60"}


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The backtests that workers were called to."""
    called: list[int] = []
    monkeypatch.setattr(tasks.work_off_backtest, "delay", called.append)
    return called


@pytest.fixture
def signal() -> Backtest:
    """A finished backtest that suggests other weights."""
    make_book(30, 50)
    mostly_logins = {"usage": 0.05, "engagement": 0.95, "outcomes": 0, "relationship": 0}
    backtest = backtesting.start(version=make_draft({**STANDARD, "components": mostly_logins}), now=NOW)
    backtesting.work_off(backtest, clock=lambda: NOW)
    return backtest


def page_of(backtest: Backtest) -> str:
    return reverse("admin:health_backtest_change", args=(backtest.pk,))


def client_of(group: str) -> Client:
    client = Client()
    client.force_login(make_member(group))
    return client


class TestStarting:
    def test_the_form_starts_one_calls_a_worker_and_shows_how_far_it_is(
        self,
        console: Client,
        manager: Any,
        rung: list[int],
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        make_book(1, 3)

        with django_capture_on_commit_callbacks(execute=True):
            response = console.post(reverse(ADD), {**ASKED, "since": "2026-03-01"}, follow=True)

        backtest = Backtest.objects.get()
        assert (backtest.since, backtest.until, backtest.requested_by) == (
            date(2026, 3, 31),
            date(2026, 4, 30),
            manager,
        )
        assert rung == [backtest.pk]
        assert "0 of 2 month ends" in response.content.decode()
        assert "Waiting for a worker" in response.content.decode()

    @pytest.mark.parametrize(
        ("asked", "says"),
        [
            ({"until": "2026-06-30"}, "at the latest 2026-05-01"),
            ({"since": "2026-04-01", "until": "2026-04-02"}, "No month ends between"),
            ({"horizon_days": "0"}, "greater than or equal to 1"),
            ({"version": "999999"}, "Select a valid choice"),
        ],
    )
    def test_what_cannot_be_looked_at_is_refused_beside_its_field(
        self, console: Client, rung: list[int], asked: dict[str, str], says: str
    ) -> None:
        make_book(1, 3)

        response = console.post(reverse(ADD), {**ASKED, **asked})

        assert says in response.content.decode()
        assert not Backtest.objects.exists()
        assert rung == []

    @pytest.mark.parametrize(
        ("group", "status"), [("CS manager", 200), ("CSM", 403), ("Support agent", 403), ("Viewer", 403)]
    )
    def test_managers_start_backtests_and_others_read_them(self, group: str, status: int) -> None:
        make_book(1, 3)
        backtest, client = backtesting.start(now=NOW), client_of(group)

        assert client.get(reverse(ADD)).status_code == status
        assert client.get(page_of(backtest)).status_code == 200
        assert client.get(reverse(LIST)).status_code == 200


class TestWatching:
    def test_the_bar_goes_on_and_the_page_is_loaded_anew_when_it_is_done(self, console: Client) -> None:
        make_book(1, 3)
        backtest = backtesting.start(now=NOW)
        address = reverse("admin:health_backtest_progress", args=(backtest.pk,))
        seen: list[Any] = []

        backtesting.work_off(backtest, clock=lambda: NOW, progress=lambda done: seen.append(console.get(address)))
        finished = console.get(address)

        assert ["HX-Refresh" in response.headers for response in seen] == [False, False, False]
        assert [f"{done} of 3 month ends" in seen[done - 1].content.decode() for done in (1, 2, 3)] == [True] * 3
        assert "Working out the figures" in seen[-1].content.decode()
        assert finished.headers["HX-Refresh"] == "true"

    def test_a_failure_is_shown_with_its_reason(self, console: Client) -> None:
        make_book(1, 3)
        backtest = backtesting.start(now=NOW)
        Backtest.objects.update(state="failed", finished_at=NOW, error="RuntimeError: disk full")

        shown = console.get(page_of(backtest)).content.decode()

        assert "The backtest failed" in shown
        assert "RuntimeError: disk full" in shown
        assert "hx-get" not in shown.split("af-verdict-words")[1].split("</section>")[0]

    def test_the_list_says_what_each_one_found_in_a_fixed_number_of_queries(self, console: Client) -> None:
        make_book(3, 10)
        counts = []
        for _ in range(2):
            for _ in range(3):
                backtesting.work_off(backtesting.start(now=NOW), clock=lambda: NOW)
            with CaptureQueriesContext(connection) as queries:
                shown = console.get(reverse(LIST)).content.decode()
            counts.append(len(queries))

        assert "3 customers left within 60 days" in shown
        assert counts[0] == counts[1]

    def test_a_page_of_a_backtest_that_does_not_exist_leads_back(self, console: Client) -> None:
        response = console.get(reverse("admin:health_backtest_change", args=(999_999,)), follow=True)

        assert "doesn’t exist" in response.content.decode()


class TestReading:
    def test_the_page_answers_in_a_sentence_with_figures_pictures_and_tables(
        self, console: Client, signal: Backtest
    ) -> None:
        shown = console.get(page_of(signal)).content.decode()

        assert "carries no signal here" in shown
        assert "Even the plainest rule" in shown
        for part in ("tenths-data", "months-data", "Told apart", "Caught in the worst 10", "Time to act", "By tier"):
            assert part in shown
        assert shown.count('class="af-range"') >= 6

    def test_the_suggested_weights_become_a_draft_by_a_button(self, console: Client, signal: Backtest) -> None:
        shown = console.get(page_of(signal)).content.decode()
        assert "Make a draft of these weights" in shown
        before = set(ScorecardVersion.objects.values_list("pk", flat=True))

        response = console.post(reverse("admin:health_backtest_draft", args=(signal.pk,)))

        draft = ScorecardVersion.objects.exclude(pk__in=before).get()
        assert response.headers["Location"] == reverse("admin:health_scorecardversion_change", args=(draft.pk,))
        assert draft.state == "draft"
        assert ScorecardVersion.objects.published().count() == 1

    def test_only_who_may_make_drafts_sees_the_button_and_has_its_effect(self, signal: Backtest) -> None:
        client, before = client_of("CSM"), ScorecardVersion.objects.count()

        shown = client.get(page_of(signal)).content.decode()
        response = client.post(reverse("admin:health_backtest_draft", args=(signal.pk,)))

        assert "Other weights would have told more" in shown
        assert "Make a draft of these weights" not in shown
        assert response.status_code == 403
        assert ScorecardVersion.objects.count() == before

    def test_a_get_makes_no_draft(self, console: Client, signal: Backtest) -> None:
        assert console.get(reverse("admin:health_backtest_draft", args=(signal.pk,))).status_code == 405


class TestRest:
    def test_one_is_started_watched_and_read(
        self,
        api: ApiClient,
        rung: list[int],
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        make_book(12, 20)

        with django_capture_on_commit_callbacks(execute=True):
            started = api.post("backtests/", {"horizon_days": 30})
        pk = started.json()["id"]
        waiting = api.get(f"backtests/{pk}/").json()
        tasks.work_off_backtest(pk)
        read = api.get(f"backtests/{pk}/").json()
        listed = api.get("backtests/", state="done").json()["results"]

        assert started.status_code == 201
        assert rung == [pk]
        assert (waiting["state"], waiting["result"], waiting["found"]) == ("queued", None, None)
        assert (read["state"], read["days_done"], read["horizon_days"]) == ("done", read["days_total"], 30)
        assert read["result"]["churners"] > 0
        assert len(read["result"]["metrics"]) == 16
        assert read["found"]["headline"] in str(listed)
        assert [one["id"] for one in listed] == [pk]
        assert "result" not in listed[0]

    @pytest.mark.parametrize(
        ("asked", "field"),
        [
            ({"until": "2026-06-30"}, "until"),
            ({"until": "2200-01-01"}, "until"),
            ({"since": "2026-04-01", "until": "2026-04-02"}, "since"),
            ({"horizon_days": 0}, "horizon_days"),
            ({"version": 999_999}, "version"),
        ],
    )
    def test_what_cannot_be_looked_at_is_refused_naming_the_field(
        self, api: ApiClient, rung: list[int], asked: dict[str, Any], field: str
    ) -> None:
        make_book(1, 3)

        response = api.post("backtests/", asked)

        assert response.status_code == 400
        assert set(errors_of(response)) == {field}
        assert not Backtest.objects.exists()
        assert rung == []

    @pytest.mark.parametrize(("group", "status"), [("CS manager", 201), ("CSM", 403), ("Viewer", 403)])
    def test_of_staff_only_managers_start_them(self, rung: list[int], group: str, status: int) -> None:
        make_book(1, 3)

        response = client_of(group).post("/api/v1/backtests/", {}, content_type="application/json")

        assert response.status_code == status
        assert client_of(group).get("/api/v1/backtests/").status_code == 200

    def test_a_key_that_only_reads_starts_none(self, rung: list[int]) -> None:
        assert ApiClient("read").post("backtests/", {}).status_code == 403
