"""What is promised, opening hours and areas over REST."""

import copy
from typing import Any

import pytest

from agentfactory_cs.customers.tests.clients import ApiClient, errors_of
from support.levels import policy
from support.models import BusinessCalendar

pytestmark = pytest.mark.django_db


def changed() -> dict[str, Any]:
    definition = copy.deepcopy(policy.shipped())
    definition["targets"]["pro"]["high"]["first_response"] = 30
    return definition


def test_the_policy_is_changed_by_a_draft_that_is_published(api: ApiClient) -> None:
    saved = api.put("service-policy/draft/", {"definition": changed(), "revision": 0})
    lost = api.put("service-policy/draft/", {"definition": changed(), "revision": 0})
    published = api.post("service-policy/publish/", {"reason": "Nights are staffed.", "revision": 1})
    nothing = api.post("service-policy/publish/", {"reason": "Again.", "revision": 1})

    assert (saved.status_code, saved.json()["revision"], lost.status_code) == (200, 1, 409)
    assert (published.json()["number"], published.json()["reason"]) == (2, "Nights are staffed.")
    assert nothing.status_code == 409
    read = api.get("service-policy/").json()
    assert (read["in_force"]["definition"], read["draft"]) == (changed(), None)
    assert [row["number"] for row in api.get("service-policy-versions/").json()["results"]] == [1, 2]


def test_a_draft_is_reset_and_discarded(api: ApiClient) -> None:
    reset = api.post("service-policy/reset/")
    discarded, nothing = api.delete("service-policy/draft/"), api.delete("service-policy/draft/")

    assert reset.json()["definition"] == policy.shipped()
    assert (discarded.status_code, nothing.status_code) == (204, 409)


@pytest.mark.parametrize(
    ("definition", "words"),
    [
        ({}, '"targets"'),
        ({"targets": {"pro": {}}}, "targets: lacks"),
        ("nonsense", '"targets"'),
    ],
)
def test_a_bad_policy_is_refused_naming_the_place(api: ApiClient, definition: Any, words: str) -> None:
    answer = api.put("service-policy/draft/", {"definition": definition, "revision": 0})

    assert answer.status_code == 400
    assert words in answer.json()["errors"][0]["detail"]
    assert api.get("service-policy/").json()["draft"] is None


def test_publishing_the_policy_needs_the_scope_admin(api: ApiClient) -> None:
    api.put("service-policy/draft/", {"definition": changed(), "revision": 0})

    assert ApiClient("write").post("service-policy/publish/", {"reason": "x", "revision": 1}).status_code == 403


HOURS = {"mon": [["09:00", "12:00"], ["13:00", "17:00"]]}


def test_opening_hours_are_made_changed_and_become_the_default(api: ApiClient) -> None:
    day = {"day": "2026-12-24", "name": "Half a day", "spans": [["09:00", "12:00"]]}

    made = api.post(
        "business-calendars/",
        {"name": "Berlin", "time_zone": "Europe/Berlin", "week": HOURS, "country": "DE", "own_days": [day]},
    )
    default = api.patch(f"business-calendars/{made.json()['id']}/", {"is_default": True, "own_days": []})

    assert made.status_code == 201
    assert (made.json()["own_days"], made.json()["is_default"]) == ([day], False)
    assert (default.json()["own_days"], default.json()["is_default"]) == ([], True)
    assert BusinessCalendar.objects.filter(is_default=True).count() == 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"week": {"mon": [["17:00", "09:00"]]}}, "week"),
        ({"week": {"someday": []}}, "week"),
        ({"week": {}}, "week"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"country": "XX"}, "country"),
        ({"own_days": [{"day": "2026-12-24", "name": "Odd", "spans": [["12:00", "09:00"]]}]}, "spans"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_hours_that_cannot_be_are_refused_naming_the_field(api: ApiClient, fields: dict[str, Any], field: str) -> None:
    count = BusinessCalendar.objects.count()

    answer = api.post("business-calendars/", {"name": "Odd", "week": HOURS, **fields})

    assert (answer.status_code, set(errors_of(answer))) == (400, {field})
    assert BusinessCalendar.objects.count() == count


def test_there_is_always_a_default(api: ApiClient) -> None:
    default = BusinessCalendar.objects.get(is_default=True)

    answer = api.patch(f"business-calendars/{default.pk}/", {"is_default": False})

    assert (answer.status_code, errors_of(answer)) == (400, {"is_default": "invalid"})


def test_areas_are_made_and_retired(api: ApiClient) -> None:
    made = api.post("support-areas/", {"key": "voice", "name": "Voice"})
    twice = api.post("support-areas/", {"key": "voice", "name": "Voice again"})
    retired = api.patch(f"support-areas/{made.json()['id']}/", {"is_active": False})

    assert (made.status_code, twice.status_code) == (201, 409)
    assert retired.json()["is_active"] is False
    assert errors_of(api.post("tickets/", {"subject": "x", "text": "y", "area": "voice"})) == {"area": "does_not_exist"}
