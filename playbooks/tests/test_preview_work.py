"""A preview as a row: asked for on the page or over REST, worked by one worker at a time, kept until it is stale."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from agentfactory_cs.customers.tests.factories import NOW, make_contact, make_customer
from playbooks import effect, preview, services, tasks
from playbooks.models import Playbook, PlaybookVersion, Preview
from playbooks.preview import work

from .factories import BY_HAND, make_playbook, manual_step, rows
from .test_preview import DAILY

pytestmark = pytest.mark.django_db

YOUNG = rows(("customers.days_since_signup", "at_least", 20))


@pytest.fixture
def playbook() -> Playbook:
    for _ in range(3):
        make_contact(make_customer(), is_primary=True)
    return make_playbook(manual_step(), trigger=DAILY, entry=YOUNG, key="care", name="Care", cool_down_days=365)


@pytest.fixture
def row(playbook: Playbook) -> Preview:
    return preview.request(playbook.versions.get(), now=NOW)


def at(moment: datetime) -> Callable[[], datetime]:
    return lambda: moment


def test_a_fresh_preview_is_not_made_again(row: Preview) -> None:
    preview.work_off(row, clock=at(NOW))

    again = preview.request(row.version, now=NOW + timedelta(hours=1))

    assert (again.pk, again.state, again.attempts) == (row.pk, "done", 1)


@pytest.mark.parametrize("field", ["cool_down_days", "holdout_percent", "priority"])
def test_other_settings_of_the_playbook_make_it_stale(row: Preview, field: str) -> None:
    preview.work_off(row, clock=at(NOW))
    Playbook.objects.update(**{field: 7})

    again = preview.request(PlaybookVersion.objects.get(pk=row.version_id), now=NOW)

    assert (again.pk, again.state, again.result, again.attempts) == (row.pk, "queued", None, 0)


def test_the_next_day_it_is_stale_for_it_looks_back_on_other_days(row: Preview) -> None:
    assert preview.fresh(row, NOW)
    assert not preview.fresh(row, NOW + timedelta(days=1))


def test_one_worker_at_a_time_holds_it(row: Preview) -> None:
    assert work._claim(row, now=NOW)

    assert preview.work_off(Preview.objects.get(), clock=at(NOW)) is None
    assert preview.unfinished(NOW) == []


def test_what_a_killed_worker_left_is_taken_up_again(row: Preview) -> None:
    work._claim(row, now=NOW)
    later = NOW + Preview.LEASE + timedelta(seconds=1)

    assert preview.unfinished(later) == [row]
    result = preview.work_off(row, clock=at(later))

    assert result is not None
    assert (result.customers, row.state, row.attempts) == (3, "done", 2)


def test_a_worker_that_lost_its_hold_stores_nothing(row: Preview) -> None:
    moments = iter([NOW, *[NOW + timedelta(seconds=1)] * 5])

    def clock() -> datetime:
        moment = next(moments, None)
        if moment is None:
            Preview.objects.update(claimed_at=NOW + timedelta(hours=1))
        return moment or NOW

    assert preview.work_off(row, clock=clock) is None
    assert Preview.objects.get().result is None


def test_one_that_ends_its_workers_three_times_is_given_up(row: Preview) -> None:
    moment = NOW
    for _ in range(work.MAX_ATTEMPTS):
        work._claim(row, now=moment)
        moment += Preview.LEASE + timedelta(seconds=1)

    preview.work_off(row, clock=at(moment))

    assert row.state == "failed"
    assert "stopped 3 times" in row.error


def test_a_failure_is_noted_and_tried_again_after_a_minute(row: Preview, monkeypatch: Any) -> None:
    monkeypatch.setattr(work, "simulate", lambda *args: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        preview.work_off(row, clock=at(NOW))

    assert row.error == "ZeroDivisionError: division by zero"
    assert preview.unfinished(NOW + timedelta(seconds=59)) == []
    assert preview.unfinished(NOW + timedelta(seconds=61)) == [row]


def test_progress_is_counted_by_day_on_the_row(row: Preview) -> None:
    preview.work_off(row, clock=at(NOW))

    assert row.days_done == row.days_total == preview.DAYS


def test_what_only_people_start_cannot_be_previewed() -> None:
    playbook = make_playbook(trigger=BY_HAND)

    with pytest.raises(ValidationError, match="Only a person"):
        preview.request(playbook.versions.get(), now=NOW)


def test_a_definition_that_cannot_run_here_is_refused_with_the_reason(playbook: Playbook) -> None:
    definition = {**playbook.versions.get().definition, "entry": rows(("no.such_fact", "yes"))}
    draft = services.save_draft(playbook, definition, now=NOW)

    with pytest.raises(ValidationError, match=r"no fact 'no.such_fact'"):
        preview.request(draft, now=NOW)


def test_the_sweep_takes_what_no_worker_holds(row: Preview) -> None:
    tasks.resume_previews()
    tasks.resume_previews()

    row.refresh_from_db()
    assert (row.state, row.attempts) == ("done", 1)


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"state": "done", "finished_at": NOW}, "done_has_its_result"),
        ({"state": "failed", "finished_at": NOW}, "failed_says_why"),
        ({"finished_at": NOW}, "finished_has_its_moment"),
        ({"until": NOW.date() - timedelta(days=400)}, "span_in_order"),
    ],
)
def test_a_preview_that_cannot_be_is_refused(row: Preview, values: dict[str, Any], constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Preview.objects.update(**values)


def test_over_few_customers_the_page_shows_it_at_once(playbook: Playbook, console: Client, at_now: None) -> None:
    version = playbook.versions.get()
    button = console.get(reverse("admin:playbooks_playbook_change", args=(playbook.pk,))).content.decode()

    page = console.post(reverse("admin:playbooks_preview_ask", args=(version.pk,)), follow=True).content.decode()

    assert "Preview the last 90 days" in button
    assert "3 customers would have entered" in page
    assert "Days since signup is at least 20 days (it is 20)" in page
    assert 'class="af-day-cell af-shade-4"' in page
    assert "What cannot be known" in page


def test_over_many_its_page_shows_how_far_it_is(
    playbook: Playbook, console: Client, at_now: None, monkeypatch: Any
) -> None:
    monkeypatch.setattr(work, "SMALL", 2)
    row = preview.request(playbook.versions.get(), now=NOW)
    work._claim(row, now=NOW)
    Preview.objects.update(days_done=30)

    page = console.get(reverse("admin:playbooks_preview_change", args=(row.pk,))).content.decode()
    progress = console.get(reverse("admin:playbooks_preview_progress", args=(row.pk,)))

    assert not preview.is_small()
    assert "30 of 90 days" in page
    assert "HX-Refresh" not in progress


def test_the_page_of_a_playbook_says_what_its_preview_found(playbook: Playbook, console: Client, at_now: None) -> None:
    preview.work_off(preview.request(playbook.versions.get(), now=NOW), clock=at(NOW))

    page = console.get(reverse("admin:playbooks_playbook_change", args=(playbook.pk,))).content.decode()

    assert "3 customers would have entered" in page
    assert "See the days" in page


class TestRest:
    def test_it_is_asked_for_and_read(self, playbook: Playbook, api: Any) -> None:
        asked = api.post("/api/v1/playbooks/care/preview/")

        read = api.get("/api/v1/playbooks/care/preview/")

        assert (asked.status_code, read.status_code) == (202, 200)
        assert (read.json()["state"], read.json()["result"]["customers"]) == ("done", 3)
        assert read.json()["headline"].startswith("3 customers would have entered")

    def test_nobody_asked_yet_or_no_draft_is_not_found(self, playbook: Playbook, api: Any) -> None:
        assert api.get("/api/v1/playbooks/care/preview/").status_code == 404
        assert api.post("/api/v1/playbooks/care/preview/?draft=true").status_code == 404

    def test_the_draft_has_a_preview_of_its_own(self, playbook: Playbook, api: Any) -> None:
        definition = {**playbook.versions.get().definition, "entry": rows(("customers.tier", "in", ["enterprise"]))}
        services.save_draft(playbook, definition, now=NOW)

        asked = api.post("/api/v1/playbooks/care/preview/?draft=true")

        assert (asked.json()["version"], asked.json()["result"]["customers"]) == (None, 0)

    def test_the_effect_of_each_version_is_read(self, playbook: Playbook, api: Any) -> None:
        before = api.get("/api/v1/playbooks/care/effect/").json()
        services.start_run(make_customer(), playbook, now=NOW, why="For a test.")
        effect.refresh(now=NOW)

        after = api.get("/api/v1/playbooks/care/effect/").json()

        said = [(one["version"], one["as_of"], one["entered"], one["verdict"]) for one in (*before, *after)]
        assert said == [(1, None, 0, "no_goal"), (1, "2026-07-01T12:00:00Z", 1, "no_goal")]

    def test_a_review_is_noted(self, playbook: Playbook, api: Any) -> None:
        answer = api.post("/api/v1/playbooks/care/review/", {"note": "Still right."}, format="json")

        playbook.refresh_from_db()
        assert (answer.status_code, answer.json()["is_overdue"]) == (200, False)
        assert playbook.review_note == "Still right."
        assert playbook.reviewed_at is not None
