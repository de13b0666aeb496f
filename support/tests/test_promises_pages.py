"""Service levels and opening hours, edited in the console."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from agentfactory_cs.customers.tests.browsing import changed, sent_by
from agentfactory_cs.customers.tests.factories import make_member
from support.levels import in_force
from support.levels.spelling import BadSpan, minutes_of, spell, spell_hours
from support.models import BusinessCalendar, ServiceVersion

EDIT, PUBLISH = "admin:support_serviceversion_edit", "admin:support_serviceversion_publish"
PAGE = "admin:support_serviceversion_changelist"


def html_of(console: Client, view: str, *args: Any) -> str:
    response = console.get(reverse(view, args=args))
    assert response.status_code == 200
    return response.content.decode()


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


@given(st.integers(1, 100_000))
def test_what_is_spelled_is_read_again(minutes: int) -> None:
    assert minutes_of(spell_hours(minutes)) == minutes


@pytest.mark.parametrize(
    ("written", "minutes"),
    [("90", 90), ("90 min", 90), ("4h", 240), ("4 h", 240), ("1 h 30 min", 90), ("1:30", 90), ("", None), ("–", None)],
)
def test_spans_are_read_as_people_write_them(written: str, minutes: int | None) -> None:
    assert minutes_of(written) == minutes


@pytest.mark.parametrize("written", ["soon", "1.5", "h", "-5", "2 d", "1:75"])
def test_what_is_no_span_is_refused(written: str) -> None:
    with pytest.raises(BadSpan):
        minutes_of(written)


@pytest.mark.parametrize(
    ("minutes", "words"), [(0, "0 min"), (59, "59 min"), (60, "1 h"), (80, "1 h 20 min"), (1620, "1 d 3 h")]
)
def test_what_is_left_is_said_in_two_units(minutes: int, words: str) -> None:
    assert spell(minutes) == words


@pytest.mark.django_db
@pytest.mark.usefixtures("at_now")
class TestServiceLevels:
    def test_a_draft_is_edited_in_the_grid_and_published_with_a_reason(self, console: Client) -> None:
        before = in_force()
        form = sent_by(html_of(console, EDIT))

        console.post(reverse(EDIT), changed(form, **{"pro-high-first_response": "1 h 15 min"}))
        draft = ServiceVersion.objects.get(state="draft")
        asked = html_of(console, PUBLISH)
        refused = console.post(reverse(PUBLISH), {"revision": draft.revision, "reason": " "}).content.decode()
        console.post(reverse(PUBLISH), {"revision": draft.revision, "reason": "Pro waits too long."})

        now = in_force()
        assert draft.definition["targets"]["pro"]["high"]["first_response"] == 75
        assert re.search(r"Pro, high: first response .+ → 1 h 15 min", words(asked))
        assert "Say in a sentence why." in refused
        assert (now.number, now.reason) == ((before.number or 0) + 1, "Pro waits too long.")
        assert now.definition["targets"]["pro"]["low"] == before.definition["targets"]["pro"]["low"]
        assert "Pro waits too long." in html_of(console, PAGE)

    @pytest.mark.parametrize(
        ("written", "reason"),
        [
            ({"pro-high-first_response": "soon"}, "is no span of time"),
            ({"pro-high-first_response": "50 h", "pro-high-resolution": "1 h"}, "cannot be due before"),
            ({"pro-high-first_response": "0"}, "must be whole minutes from 1"),
        ],
    )
    def test_what_cannot_be_promised_comes_back_with_the_reason(
        self, console: Client, written: dict[str, str], reason: str
    ) -> None:
        form = sent_by(html_of(console, EDIT))

        response = console.post(reverse(EDIT), changed(form, **written))

        assert response.status_code == 200
        assert reason in response.content.decode()
        assert not ServiceVersion.objects.filter(state="draft").exists()

    def test_two_who_edit_at_a_time_do_not_overwrite_each_other(self, console: Client) -> None:
        form = sent_by(html_of(console, EDIT))
        console.post(reverse(EDIT), changed(form, **{"pro-high-first_response": "1 h"}))

        late = console.post(reverse(EDIT), changed(form, **{"pro-high-first_response": "2 h"}))

        assert "Somebody else saved this draft meanwhile." in late.content.decode()
        targets = ServiceVersion.objects.get(state="draft").definition["targets"]
        assert targets["pro"]["high"]["first_response"] == 60

    def test_a_draft_is_discarded_and_what_was_shipped_comes_back(self, console: Client) -> None:
        form = sent_by(html_of(console, EDIT))
        console.post(reverse(EDIT), changed(form, **{"pro-high-first_response": "1 h"}))

        console.post(reverse("admin:support_serviceversion_drop"))
        dropped = ServiceVersion.objects.filter(state="draft").exists()
        console.post(reverse("admin:support_serviceversion_reset"))

        assert not dropped
        assert ServiceVersion.objects.get(state="draft").is_shipped

    def test_who_may_not_change_them_reads_them(self, console: Client) -> None:
        agent = Client()
        agent.force_login(make_member("Support agent"))

        assert "in force" in html_of(agent, PAGE)
        for view in (EDIT, PUBLISH):
            assert agent.get(reverse(view)).status_code == 403
        for verb in ("drop", "reset"):
            assert agent.post(reverse(f"admin:support_serviceversion_{verb}")).status_code == 403


@pytest.mark.django_db
@pytest.mark.usefixtures("at_now")
class TestOpeningHours:
    @pytest.fixture
    def calendar(self) -> BusinessCalendar:
        return BusinessCalendar.objects.get(is_default=True)

    def save(self, console: Client, calendar: BusinessCalendar, **fields: str) -> str:
        address = reverse("admin:support_businesscalendar_change", args=[calendar.pk])
        form = sent_by(console.get(address).content.decode())
        return console.post(address, changed(form, **fields), follow=True).content.decode()

    def test_a_week_is_written_as_people_say_it(self, console: Client, calendar: BusinessCalendar) -> None:
        html = self.save(console, calendar, mon="9-12:30, 13:30-17", sat="", sun="20:00-24:00", country="de")

        calendar.refresh_from_db()
        assert calendar.week["mon"] == [["09:00", "12:30"], ["13:30", "17:00"]]
        assert "sat" not in calendar.week
        assert calendar.week["sun"] == [["20:00", "24:00"]]
        assert "Tag der Deutschen Einheit" in html or "German Unity Day" in html

    def test_a_day_of_its_own_is_kept_and_removed_again(self, console: Client, calendar: BusinessCalendar) -> None:
        self.save(
            console, calendar, **{"days-0-day": "2026-12-24", "days-0-name": "Christmas Eve", "days-0-spans": "9-12"}
        )
        kept = calendar.own_days.get()
        self.save(console, calendar, **{"days-0-DELETE": "on"})

        assert (str(kept), kept.spans) == ("2026-12-24: Christmas Eve", [["09:00", "12:00"]])
        assert not calendar.own_days.exists()

    @pytest.mark.parametrize(
        ("fields", "reason"),
        [
            ({"mon": "nine to five"}, "is no span such as 09:00-17:00"),
            ({"mon": "9-12, 11-17"}, "overlap"),
            ({"mon": "17-9"}, "the end must come after the beginning"),
            ({"mon": "25-26"}, "is no time such as 09:00"),
            ({"time_zone": "Mars/Base"}, "is not a time zone"),
            ({"country": "XX"}, "No holidays are known of XX."),
            ({"days-0-day": "2026-12-24", "days-0-name": ""}, "This field is required."),
            (dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), ""), "the desk is never open"),
        ],
    )
    def test_hours_that_cannot_be_come_back_with_the_reason(
        self, console: Client, calendar: BusinessCalendar, fields: dict[str, str], reason: str
    ) -> None:
        before = BusinessCalendar.objects.values().get()

        html = self.save(console, calendar, **fields)

        assert reason in words(html)
        assert BusinessCalendar.objects.values().get() == before

    def test_a_calendar_is_added(self, console: Client) -> None:
        address = reverse("admin:support_businesscalendar_add")
        form = sent_by(console.get(address).content.decode())

        console.post(address, changed(form, name="Tokyo", time_zone="Asia/Tokyo", tue="10-18"))

        assert BusinessCalendar.objects.get(name="Tokyo").week == {"tue": [["10:00", "18:00"]]}

    def test_the_list_says_the_week_in_a_line(self, console: Client, calendar: BusinessCalendar) -> None:
        assert "mon–fri 09:00-18:00" in html_of(console, "admin:support_businesscalendar_changelist")

    def test_who_may_only_look_changes_nothing(self, console: Client, calendar: BusinessCalendar) -> None:
        viewer = Client()
        viewer.force_login(make_member("Viewer"))
        address = reverse("admin:support_businesscalendar_change", args=[calendar.pk])

        assert viewer.get(address).status_code == 200
        assert viewer.post(address, {}).status_code == 403
