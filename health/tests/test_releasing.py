"""Letting a held day go: by a manager with a reason, by naming the day, and nobody else."""

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from agentfactory_cs.customers.tests.factories import NOW, YESTERDAY, make_member
from health import feeds, incidents, tasks
from health.models import Incident, ScoringRun

from .fleets import make_fleet

pytestmark = pytest.mark.django_db


class TestRelease:
    def test_it_needs_a_reason(self, console: Client) -> None:
        incident = _late_incident()

        page = console.post(f"/admin/health/incident/{incident.pk}/release/", {"reason": " "})

        assert page.status_code == 200
        assert "This field is required" in page.content.decode()
        assert Incident.objects.get().closed_at is None

    @pytest.mark.usefixtures("at_now")
    def test_a_manager_releases_and_the_day_is_scored_with_what_has_come(self, console: Client, manager: Any) -> None:
        incident = _late_incident()
        asked = console.get(f"/admin/health/incident/{incident.pk}/release/").content.decode()

        answer = console.post(f"/admin/health/incident/{incident.pk}/release/", {"reason": "A holiday."}, follow=True)
        tasks.resume_scoring()

        incident.refresh_from_db()
        run = ScoringRun.objects.get()
        assert "1 of the 4 customers" in asked
        assert "Released: June 30, 2026 is being scored" in answer.content.decode()
        assert (incident.outcome, incident.reason, incident.closed_by) == ("released", "A holiday.", manager)
        assert (run.state, run.customers_done, run.alerts_at) == ("done", 4, NOW)

    def test_who_may_not_release_is_refused(self, client: Client) -> None:
        incident = _late_incident()
        client.force_login(make_member("CSM"))

        page = client.get(f"/admin/health/incident/{incident.pk}/change/")
        asked = client.get(f"/admin/health/incident/{incident.pk}/release/")
        sent = client.post(f"/admin/health/incident/{incident.pk}/release/", {"reason": "I want to."})

        assert page.status_code == 200
        assert "/release" not in page.content.decode()
        assert (asked.status_code, sent.status_code) == (403, 403)
        assert ScoringRun.objects.get().state == "held"

    def test_a_second_release_is_told_that_it_is_closed(self, console: Client) -> None:
        incident = _late_incident()
        incidents.release(incident, reason="A holiday.", now=NOW)

        page = console.post(f"/admin/health/incident/{incident.pk}/release/", {"reason": "Again."})

        assert "closed already" in page.content.decode()
        assert Incident.objects.get().reason == "A holiday."

    def test_where_the_incident_cannot_be_closed_nothing_is_let_go(self, monkeypatch: pytest.MonkeyPatch) -> None:
        incident = _late_incident()
        monkeypatch.setattr(incidents, "close", _broken_close)

        with pytest.raises(RuntimeError, match="disk full"):
            incidents.release(incident, reason="A holiday.", now=NOW)

        assert ScoringRun.objects.get().state == "held"


def _late_incident() -> Incident:
    make_fleet(4, arrived=1)
    run = feeds.start_unless_late(YESTERDAY, now=NOW)
    assert run.incident
    return run.incident


def _broken_close(*about: Any, **more: Any) -> None:
    raise RuntimeError("disk full")


@pytest.fixture
def score(at_now: None) -> Callable[..., tuple[str, str]]:
    def run(*arguments: str) -> tuple[str, str]:
        out, err = StringIO(), StringIO()
        call_command("score_customers", *arguments, stdout=out, stderr=err)
        return out.getvalue(), err.getvalue()

    return run


class TestCommand:
    def test_without_a_day_it_holds_a_late_one_and_says_what_to_do(self, score: Callable[..., tuple[str, str]]) -> None:
        make_fleet(4, arrived=1)

        out, err = score()

        assert "Wrote 0 scores" in out
        assert "has come for 1 of the 4 customers" in err
        assert "release it in the console or give --as-of 2026-06-30" in err
        assert ScoringRun.objects.get().state == "held"

    def test_a_day_that_is_named_is_scored_with_a_warning(self, score: Callable[..., tuple[str, str]]) -> None:
        make_fleet(4, arrived=1)

        out, err = score("--as-of", str(YESTERDAY))

        assert "Wrote 4 scores" in out
        assert "Its scores will be too low" in err
        assert not Incident.objects.exists()

    def test_naming_a_held_day_lets_it_go(self, score: Callable[..., tuple[str, str]]) -> None:
        make_fleet(4, arrived=1)
        score()

        out, _err = score("--as-of", str(YESTERDAY))

        incident, run = Incident.objects.get(), ScoringRun.objects.get()
        assert "Wrote 4 scores" in out
        assert (run.state, incident.outcome, incident.reason) == (
            "done",
            "released",
            "The day was scored by name, with what had come.",
        )

    def test_a_day_in_time_is_scored_without_a_word(self, score: Callable[..., tuple[str, str]]) -> None:
        make_fleet(4, arrived=4)

        assert score("--as-of", str(YESTERDAY))[1] == score()[1] == ""


@pytest.mark.usefixtures("at_now")
def test_score_everybody_now_says_why_it_does_not(console: Client) -> None:
    make_fleet(4, arrived=1)

    page = console.post("/admin/health/scoringrun/score-everybody/", follow=True).content.decode()

    assert "has come for 1 of the 4 customers" in page
    assert "Scoring everybody for" not in page
    assert ScoringRun.objects.get().state == "held"
